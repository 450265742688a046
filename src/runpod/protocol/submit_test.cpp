#include "runpod/protocol/submit.h"

#include <gtest/gtest.h>

namespace darkroom::runpod {
namespace {

Result<SubmitRequest, ProtocolError> parse(std::string_view body) {
    return parse_submit_request(body, run_body_bytes_max);
}

TEST(SubmitRequest, IsWrittenAsRunPodTakesIt) {
    SubmitRequest request;
    request.input_json = R"({"op":"upscale"})";
    EXPECT_EQ(write_submit_request(request), R"({"input":{"op":"upscale"}})");
    request.webhook = "https://darkroom.example/hook?token=a";
    request.policy = {Milliseconds(900'000), Milliseconds(7'200'000), true};
    request.s3_config_json = R"({"bucketName":"out"})";
    EXPECT_EQ(write_submit_request(request),
              R"({"input":{"op":"upscale"},"webhook":"https://darkroom.example/hook?token=a",)"
              R"("policy":{"executionTimeout":900000,"lowPriority":true,"ttl":7200000},)"
              R"("s3Config":{"bucketName":"out"}})");
}

TEST(SubmitRequest, IsReadBackAsItWasWritten) {
    SubmitRequest request;
    request.input_json = R"({"seed":1.50,"list":[{},null]})";
    request.webhook = "http://127.0.0.1:8080/hook";
    request.policy = {Milliseconds(5'000), Milliseconds(10'000), true};
    request.s3_config_json = R"({"accessId":"AK"})";
    const auto read = parse(write_submit_request(request));
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(read->input_json, request.input_json);
    EXPECT_EQ(read->webhook, request.webhook);
    EXPECT_EQ(read->policy.execution_timeout, Milliseconds(5'000));
    EXPECT_EQ(read->policy.ttl, Milliseconds(10'000));
    EXPECT_TRUE(read->policy.low_priority);
    EXPECT_EQ(read->s3_config_json, request.s3_config_json);
}

TEST(SubmitRequest, DropsOtherMembersAndTakesNullForAbsent) {
    const auto read = parse(
        R"({"extra":{"deep":[1]},"input":"text","webhook":null,"policy":null,"s3Config":null,"webhookV2":"x"})");
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(read->input_json, "\"text\"");
    EXPECT_FALSE(read->webhook);
    EXPECT_FALSE(read->policy.ttl);
    EXPECT_FALSE(read->s3_config_json);
    const auto empty =
        parse(R"({"input":[0],"webhook":"","policy":{"ttl":null,"executionTimeout":null,"other":1}})");
    ASSERT_TRUE(empty.ok()) << empty.error().detail;
    EXPECT_FALSE(empty->webhook);
}

TEST(SubmitRequest, RefusesWhatCannotBecomeAJob) {
    for (const std::string_view body : {"",
                                        "{}",
                                        "[]",
                                        "null",
                                        "{\"input\":{}}",
                                        "{\"input\":null}",
                                        "{\"input\":[]}",
                                        "{\"input\":\"\"}",
                                        "{\"input\":{ } }",
                                        "{\"input\":{\"a\":1}",
                                        "{\"input\":{\"a\":1}}x",
                                        "{\"input\":1,\"input\":2}",
                                        "{\"input\":1,\"webhook\":5}",
                                        "{\"input\":1,\"webhook\":\"ftp://x\"}",
                                        "{\"input\":1,\"webhook\":\"https://\"}",
                                        "{\"input\":1,\"webhook\":\"https://x/\\r\\nX: y\"}",
                                        "{\"input\":1,\"webhook\":{}}",
                                        "{\"input\":1,\"policy\":[]}",
                                        "{\"input\":1,\"policy\":\"x\"}",
                                        "{\"input\":1,\"policy\":{\"ttl\":\"1000\"}}",
                                        "{\"input\":1,\"policy\":{\"ttl\":9999}}",
                                        "{\"input\":1,\"policy\":{\"ttl\":604800001}}",
                                        "{\"input\":1,\"policy\":{\"executionTimeout\":4999}}",
                                        "{\"input\":1,\"policy\":{\"executionTimeout\":5000.5}}",
                                        "{\"input\":1,\"policy\":{\"executionTimeout\":-1}}",
                                        "{\"input\":1,\"policy\":{\"executionTimeout\":1e300}}",
                                        "{\"input\":1,\"policy\":{\"lowPriority\":1}}",
                                        "{\"input\":1,\"policy\":{\"ttl\":20000,\"ttl\":30000}}",
                                        "{\"input\":1,\"s3Config\":\"x\"}"}) {
        EXPECT_FALSE(parse(body).ok()) << body;
    }
    const std::string digits(100, '1');
    EXPECT_FALSE(parse("{\"input\":1,\"policy\":{\"ttl\":" + digits + "}}").ok());
    EXPECT_FALSE(parse("{\"input\":1,\"webhook\":\"https://x/" + std::string(3000, 'a') + "\"}").ok());
    EXPECT_FALSE(parse("{\"input\":1,\"webhook\":\"https://x/" + std::string(20'000, 'a') + "\"}").ok());
}

TEST(SubmitRequest, HoldsTheLimitOfTheBody) {
    const auto body = "{\"input\":\"" + std::string(1000, 'x') + "\"}";
    EXPECT_TRUE(parse_submit_request(body, body.size()).ok());
    EXPECT_FALSE(parse_submit_request(body, body.size() - 1).ok());
}

TEST(SubmitRequest, KnowsTheInputsThatRunPodLetsDie) {
    for (const auto* text : {"", " ", "null", "{}", "[]", "\"\"", " {} ", "{ \n}", "[ ]"})
        EXPECT_TRUE(is_empty_input(text)) << text;
    for (const auto* text : {"0", "false", "{\"a\":1}", "[0]", "\" \"", "[[]]", "{\"\":null}"})
        EXPECT_FALSE(is_empty_input(text)) << text;
}

TEST(SubmitAnswer, IsReadBackAsItWasWritten) {
    const SubmitAnswer answer{*RemoteJobId::parse("abc-u1"), JobState::in_queue};
    EXPECT_EQ(write_submit_answer(answer), R"({"id":"abc-u1","status":"IN_QUEUE"})");
    const auto read = parse_submit_answer(write_submit_answer(answer));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->id, answer.id);
    EXPECT_EQ(read->state, JobState::in_queue);
    EXPECT_EQ(parse_submit_answer(R"({"id":"abc-u1"})")->state, JobState::unknown);
    EXPECT_EQ(parse_submit_answer(R"({"id":"abc-u1","status":7,"x":[]})")->state, JobState::unknown);
}

// reliability F-C06.
TEST(SubmitAnswer, IsUnreadableWithoutAnIdThatIsOne) {
    const std::string long_id(10'000, 'a');
    for (const std::string& body :
         {std::string(), std::string("{}"), std::string("{\"status\":\"IN_QUEUE\"}"),
          std::string("{\"id\":7}"), std::string("{\"id\":null}"), std::string("{\"id\":\"\"}"),
          std::string("{\"id\":\"a b\"}"), std::string("{\"id\":[\"a\"]}"),
          std::string("{\"id\":\"a\\u0000\"}"), std::string("{\"id\":\"../../x\"}"),
          "{\"id\":\"" + long_id + "\"}", std::string("{\"id\":\"abc\",\"stat"), std::string("<html></html>"),
          std::string("\"abc\""), std::string("[{\"id\":\"abc\"}]"),
          std::string("{\"id\":\"a\",\"id\":\"b\"}")}) {
        EXPECT_FALSE(parse_submit_answer(body).ok()) << body.substr(0, 80);
    }
}

}  // namespace
}  // namespace darkroom::runpod
