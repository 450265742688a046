// The bucket passes the suite of all object stores, as AWS's kind and as a network volume.
#include "tests/conformance/object_store_suite.h"
#include "tests/s3/s3_fixture.h"

namespace darkroom::conformance {
namespace {

class BucketUnderTest : public ObjectStoreUnderTest {
public:
    explicit BucketUnderTest(const objects::S3Settings& settings) : store_(settings) {
        std::filesystem::create_directory(folder_.path() / "scratch");
    }
    ports::ObjectStore& store() override { return *store_; }
    std::filesystem::path scratch() override { return folder_.path() / "scratch"; }

private:
    testing::TempDir folder_;
    s3::StoreAt store_;
};

std::unique_ptr<ObjectStoreUnderTest> make(objects::S3Settings settings) {
    const auto& owner = testing::S3Server::shared().owner();
    settings.access_key = owner.access_key;
    settings.secret_key = owner.secret_key;
    settings.part_bytes = std::uint64_t{5} << 20;  // so that the suite's larger objects go in parts
    settings.single_put_bytes = std::uint64_t{6} << 20;
    return std::make_unique<BucketUnderTest>(settings);
}

std::unique_ptr<ObjectStoreUnderTest> make_bucket() {
    auto& server = testing::S3Server::shared();
    return make(objects::bucket_settings(server.new_bucket(), server.endpoint(), server.region()));
}

std::unique_ptr<ObjectStoreUnderTest> make_volume() {
    auto& server = testing::S3Server::shared();
    return make(objects::network_volume_settings(server.new_bucket(), server.endpoint(), server.region()));
}

INSTANTIATE_TEST_SUITE_P(Bucket, ObjectStoreSuite, ::testing::Values(&make_bucket));
INSTANTIATE_TEST_SUITE_P(NetworkVolume, ObjectStoreSuite, ::testing::Values(&make_volume));

}  // namespace
}  // namespace darkroom::conformance
