// What is asked for is read exactly, and every wrong field is named.
#include "api/job_request.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace darkroom::api {
namespace {

constexpr auto upload = "33333333-3333-4333-8333-333333333333";

Result<JobRequest, Problem> read(const std::string& text, bool file_follows = false) {
    const auto parsed = parse_json(text);
    EXPECT_TRUE(parsed.ok()) << text;
    return read_job_request(parsed->as_object(), file_follows);
}

TEST(JobRequest, ReadsEveryField) {
    const auto request = read(
        std::string(R"({"type":"bg_remove","params":{"v":1},"inputs":[{"upload":")") + upload +
        R"("}],"backend":null,"priority":-3,"metadata":{"shop":"12"},"user_id":"anna","webhook_url":null})");
    ASSERT_TRUE(request.ok()) << request.error().detail;
    EXPECT_EQ(request->type, "bg_remove");
    ASSERT_EQ(request->inputs.size(), 1u);
    EXPECT_EQ(request->inputs[0].upload->str(), upload);
    EXPECT_EQ(request->priority, -3);
    EXPECT_EQ(request->metadata_json, R"({"shop":"12"})");
    EXPECT_EQ(request->user->str(), "anna");
    EXPECT_FALSE(request->backend);
}

TEST(JobRequest, AnInputMayBeAUrlInEitherForm) {
    const auto inputs = read(R"({"type":"x","inputs":[{"url":"https://a.example/b.png"}]})");
    ASSERT_TRUE(inputs.ok());
    ASSERT_EQ(inputs->inputs.size(), 1u);
    EXPECT_EQ(inputs->inputs[0].url, "https://a.example/b.png");
    EXPECT_EQ(inputs->inputs[0].pointer, "/inputs/0/url");
    const auto short_form = read(R"({"type":"x","input_urls":["https://a.example/b.png"]})");
    ASSERT_TRUE(short_form.ok());
    ASSERT_EQ(short_form->inputs.size(), 1u);
    EXPECT_EQ(short_form->inputs[0].pointer, "/input_urls/0");
    const auto two =
        read(R"({"type":"x","input_urls":["https://a.example/b.png","https://a.example/c.png"]})");
    ASSERT_TRUE(two.ok());
    EXPECT_EQ(two->inputs[1].pointer, "/input_urls/1");
}

TEST(JobRequest, AFormNeedsNoInputs) {
    EXPECT_TRUE(read(R"({"type":"bg_remove"})", true).ok());
    EXPECT_FALSE(read(R"({"type":"bg_remove","inputs":[]})", true).ok());
    EXPECT_FALSE(read(R"({"type":"bg_remove","input_urls":["https://a/"]})", true).ok());
}

TEST(JobRequest, NamesWhatIsWrong) {
    const std::string good_inputs = std::string(R"("inputs":[{"upload":")") + upload + R"("}])";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"{}", "/type"},
        {R"({"type":"x"})", "/inputs"},
        {R"({"type":1,)" + good_inputs + "}", "/type"},
        {R"({"type":"x","inputs":{}})", "/inputs"},
        {R"({"type":"x","inputs":[]})", "/inputs"},
        {R"({"type":"x","inputs":[1]})", "/inputs/0"},
        {R"({"type":"x","inputs":[{"upload":"../../etc/passwd"}]})", "/inputs/0/upload"},
        {R"({"type":"x","inputs":[{"upload":1}]})", "/inputs/0/upload"},
        {R"({"type":"x","inputs":[{"url":1}]})", "/inputs/0/url"},
        {R"({"type":"x","inputs":[{"name":"mask"}]})", "/inputs/0"},
        {R"({"type":"x","inputs":[{"url":"https://a/","name":"../mask"}]})", "/inputs/0/name"},
        {R"({"type":"x","inputs":[{"url":"https://a/","name":""}]})", "/inputs/0/name"},
        {R"({"type":"x","inputs":[{"url":"https://a/","name":7}]})", "/inputs/0/name"},
        {R"({"type":"x","inputs":[{"url":"https://a/","name":"m"},{"url":"https://b/","name":"m"}]})",
         "/inputs/1/url"},
        {std::string(R"({"type":"x","inputs":[{"upload":")") + upload + R"("},{"upload":")" + upload +
             R"("}]})",
         "/inputs/1/upload"},
        {std::string(R"({"type":"x","inputs":[{"url":"https://a/","upload":")") + upload + R"("}]})",
         "/inputs/0"},
        {R"({"type":"x","inputs":[{"path":"/etc/passwd"}]})", "/inputs/0/path"},
        {R"({"type":"x","steps":[],)" + good_inputs + "}", "/steps"},
        {R"({"type":"x","keep":[],)" + good_inputs + "}", "/keep"},
        {R"({"type":"chain",)" + good_inputs + "}", "/steps"},
        {R"({"type":"x","input_urls":"https://a/"})", "/input_urls"},
        {R"({"type":"x","input_urls":[]})", "/input_urls"},
        {R"({"type":"x","input_urls":["1","2","3","4","5","6","7","8","9"]})", "/input_urls"},
        {R"({"type":"x","input_urls":[7]})", "/input_urls/0"},
        {R"({"type":"x","input_urls":["https://a/"],)" + good_inputs + "}", "/input_urls"},
        {R"({"type":"x","params":[],)" + good_inputs + "}", "/params"},
        {R"({"type":"x","priority":1001,)" + good_inputs + "}", "/priority"},
        {R"({"type":"x","priority":1.5,)" + good_inputs + "}", "/priority"},
        {R"({"type":"x","priority":"1",)" + good_inputs + "}", "/priority"},
        {R"({"type":"x","metadata":"m",)" + good_inputs + "}", "/metadata"},
        {R"({"type":"x","metadata":{"m":")" + std::string(17'000, 'x') + R"("},)" + good_inputs + "}",
         "/metadata"},
        {R"({"type":"x","user_id":"a/b",)" + good_inputs + "}", "/user_id"},
        {R"({"type":"x","webhook_url":"http://a/",)" + good_inputs + "}", "/webhook_url"},
        {R"({"type":"x","a/b":1,)" + good_inputs + "}", "/a~1b"},
        {R"({"type":"x","__proto__":{},)" + good_inputs + "}", "/__proto__"},
    };
    for (const auto& [text, pointer] : cases) {
        const auto request = read(text);
        ASSERT_FALSE(request.ok()) << text.substr(0, 100);
        EXPECT_EQ(request.error().status, 422);
        EXPECT_EQ(request.error().fields.front().pointer, pointer) << text.substr(0, 100);
    }
}

TEST(JobRequest, ReportsAllProblemsAtOnce) {
    const auto request = read(R"({"type":1,"inputs":1,"nonsense":1})");
    ASSERT_FALSE(request.ok());
    EXPECT_EQ(request.error().fields.size(), 3u);
}

}  // namespace
}  // namespace darkroom::api
