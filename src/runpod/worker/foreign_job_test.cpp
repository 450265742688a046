#include "runpod/worker/foreign_job.h"

#include <gmock/gmock.h>

#include "base/json_writer.h"

namespace darkroom::runpod::worker {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t bytes_max = 1'000;
const std::string graph = R"({"9":{"class_type":"SaveImage","inputs":{"x":0.50}}})";

ForeignJob job_of(const std::string& input) {
    auto read = read_foreign_job(input, bytes_max);
    EXPECT_TRUE(read && *read) << (read ? read->error().message : "no foreign job");
    return read && *read ? **std::move(read) : ForeignJob{};
}

core::JobError error_of(const std::string& input) {
    const auto read = read_foreign_job(input, bytes_max);
    EXPECT_TRUE(read && !*read) << input;
    return read && !*read ? read->error() : core::JobError{};
}

std::string with_images(const std::string& images) {
    return R"({"workflow":)" + graph + R"(,"images":)" + images + "}";
}

TEST(ForeignJob, IsToldByItsMembers) {
    EXPECT_EQ(job_of(R"({"workflow_api":)" + graph + "}").contract, Contract::volume_files);
    const auto job = job_of(with_images(R"([{"name":"in.png","image":"cGljdHVyZQ=="}])"));
    EXPECT_EQ(job.contract, Contract::worker_comfyui);
    EXPECT_EQ(job.workflow_json, graph) << "as it was written";
    ASSERT_EQ(job.images.size(), 1U);
    EXPECT_EQ(job.images[0].name, "in.png");
    EXPECT_EQ(job.images[0].bytes, "picture");
}

TEST(ForeignJob, MayComeAsTextAndBringAKeyForPaidNodes) {
    std::string text;
    append_json_string(text, R"({"workflow":)" + graph + R"(,"comfy_org_api_key":"key-1"})");
    const auto job = job_of(text);
    EXPECT_EQ(job.api_node_key, "key-1");
    EXPECT_TRUE(job.images.empty());
    EXPECT_EQ(job_of(R"({"workflow":)" + graph + R"(,"api_key_comfy_org":"key-2"})").api_node_key, "key-2");
}

TEST(ForeignJob, TakesPicturesAsClientsWriteThem) {
    for (const std::string text :
         {"cGljdHVyZQ==", "data:image/png;base64,cGljdHVyZQ==", "cGlj\\ndHVy\\r\\nZQ=="}) {
        const auto job = job_of(with_images(R"([{"name":"a/in 1.png","image":")" + text + R"("}])"));
        ASSERT_EQ(job.images.size(), 1U) << text;
        EXPECT_EQ(job.images[0].bytes, "picture") << text;
    }
}

TEST(ForeignJob, DarkroomsOwnPayloadAndAnythingElseIsNone) {
    for (const std::string input :
         {"", "null", "5", "[]", "{", "{}", R"({"prompt":"a cat"})", R"({"workflow":null})", R"("text")",
          R"({"job_id":"j-1","workflow_api":{}})", R"({"job_id":"j-1","workflow":{}})"})
        EXPECT_FALSE(read_foreign_job(input, bytes_max)) << input;
}

TEST(ForeignJob, SaysWhatIsWrongWithIt) {
    const std::vector<std::string> inputs = {
        R"({"workflow_api":[]})",
        R"({"workflow":"custom"})",
        R"({"workflow":5,"images":[]})",
        R"({"workflow_api":{"1":")" + std::string(5u << 20, 'x') + R"("}})",
        with_images("{}"),
        with_images("5"),
        with_images("[5]"),
        with_images("[{}]"),
        with_images(R"([{"name":"a.png"}])"),
        with_images(R"([{"image":"cGljdHVyZQ=="}])"),
        with_images(R"([{"name":5,"image":"cGljdHVyZQ=="}])"),
        with_images(R"([{"name":"a.png","image":5}])"),
        with_images(R"([{"name":"a.png","image":""}])"),
        with_images(R"([{"name":"a.png","image":"no base64!"}])"),
        with_images(R"([{"name":"a.png","image":"cGljdHVyZQ"}])"),
        with_images(R"([{"name":"a.png","image":"data:image/png"}])"),
        with_images(R"([{"name":"a","image":"cGlj"},{"name":"a","image":"cGlj"}])"),
    };
    for (const auto& input : inputs)
        EXPECT_EQ(error_of(input).code, core::ErrorCode::params_invalid) << input.substr(0, 100);
}

TEST(ForeignJob, TakesNoNameThatLeadsElsewhere) {
    for (const std::string name :
         {"", "../in.png", "/etc/passwd", "a/../../b", "a\\\\b", "a\\u0000b", "a\\nb", ".."}) {
        const auto error = error_of(with_images(R"([{"name":")" + name + R"(","image":"cGlj"}])"));
        EXPECT_EQ(error.code, core::ErrorCode::params_invalid) << name;
        EXPECT_THAT(error.message, HasSubstr("images")) << name;
    }
    EXPECT_EQ(error_of(with_images(R"([{"name":")" + std::string(300, 'x') + R"(","image":"cGlj"}])")).code,
              core::ErrorCode::params_invalid);
}

TEST(ForeignJob, TakesNoPictureThatIsTooLargeAndNotTooMany) {
    const auto large = with_images(R"([{"name":"a.png","image":")" + std::string(4'000, 'A') + R"("}])");
    EXPECT_EQ(error_of(large).code, core::ErrorCode::input_too_large);
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += std::string(i > 0 ? "," : "") + R"({"name":")" + std::to_string(i) + R"(","image":"cGlj"})";
    EXPECT_EQ(error_of(with_images("[" + many + "]")).code, core::ErrorCode::params_invalid);
}

}  // namespace
}  // namespace darkroom::runpod::worker
