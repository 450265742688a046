// What every ObjectStore must do, written against the port. A store passes by instantiating the suite with a
// maker:
//
//   INSTANTIATE_TEST_SUITE_P(Files, ObjectStoreSuite, testing::Values(&make_files));
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "ports/object_store.h"

namespace darkroom::conformance {

/// An empty store, with whatever has to live as long as it does; its destructor cleans up.
class ObjectStoreUnderTest {
public:
    virtual ~ObjectStoreUnderTest() = default;
    virtual ports::ObjectStore& store() = 0;
    /// A folder for files that are given to put_file; empty at first.
    virtual std::filesystem::path scratch() = 0;
};

using MakeObjectStore = std::unique_ptr<ObjectStoreUnderTest> (*)();

class ObjectStoreSuite : public testing::TestWithParam<MakeObjectStore> {
protected:
    ports::ObjectStore& store() { return under_test_->store(); }
    std::filesystem::path scratch() { return under_test_->scratch(); }

private:
    std::unique_ptr<ObjectStoreUnderTest> under_test_ = GetParam()();
};

}  // namespace darkroom::conformance
