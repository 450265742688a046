// The folder store passes the suite of all object stores.
#include <stdlib.h>

#include "base/check.h"
#include "objects/files/file_object_store.h"
#include "tests/conformance/object_store_suite.h"

namespace darkroom::conformance {
namespace {

class FilesUnderTest : public ObjectStoreUnderTest {
public:
    FilesUnderTest() {
        std::string name = (std::filesystem::temp_directory_path() / "darkroom-objects-XXXXXX").string();
        DR_CHECK(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        std::filesystem::create_directory(folder_ / "scratch");
        auto opened = objects::FileObjectStore::open(folder_ / "objects");
        DR_CHECK(opened.ok());
        store_ = std::move(opened).value();
    }
    ~FilesUnderTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    ports::ObjectStore& store() override { return *store_; }
    std::filesystem::path scratch() override { return folder_ / "scratch"; }

private:
    std::filesystem::path folder_;
    std::unique_ptr<objects::FileObjectStore> store_;
};

std::unique_ptr<ObjectStoreUnderTest> make_files() { return std::make_unique<FilesUnderTest>(); }

INSTANTIATE_TEST_SUITE_P(Files, ObjectStoreSuite, testing::Values(&make_files));

}  // namespace
}  // namespace darkroom::conformance
