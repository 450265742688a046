#include "runpod/protocol/work_payload.h"

#include <gtest/gtest.h>

#include <random>

namespace darkroom::runpod {
namespace {

constexpr std::string_view job_uuid = "3f0e8d7c-1111-4222-8333-444455556666";
constexpr std::string_view attempt_uuid = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const std::string digest(64, 'a');

WorkPayload full() {
    WorkPayload payload;
    payload.job_id = job_uuid;
    payload.type = "bg_remove";
    payload.params_json = R"({"v":1,"strength":0.50})";
    payload.inputs = {{"https://s3.example/in?sig=1", "", "image/jpeg", digest, 482113},
                      {"", "/runpod-volume/inputs/job_1.png", "", "", 0}};
    payload.output_prefix = "restored/1/2";
    payload.outputs = {
        {"main", "image/png", "restored/1/2.png", "https://s3.example/out", {{"x-amz-a", "b"}}}};
    payload.webhook_url = "https://darkroom.example/api/v1/webhooks/runpod";
    payload.auth = "Bearer xyz";
    payload.time_limit = Milliseconds(180'000);
    payload.fence = WorkFence{*JobId::parse(job_uuid), *AttemptId::parse(attempt_uuid), "tok_en-1.x",
                              "https://darkroom.example/claim"};
    return payload;
}

TEST(WorkPayload, IsReadBackAsItWasWritten) {
    const auto text = write_work_payload(full());
    const auto read = parse_work_payload(text);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(write_work_payload(*read), text);
    EXPECT_EQ(read->params_json, R"({"v":1,"strength":0.50})");
    EXPECT_EQ(read->inputs[0].bytes, 482113u);
    EXPECT_EQ(read->inputs[1].path, "/runpod-volume/inputs/job_1.png");
    EXPECT_EQ(read->outputs[0].headers[0].second, "b");
    EXPECT_EQ(read->time_limit, Milliseconds(180'000));
    EXPECT_EQ(read->fence->attempt.str(), attempt_uuid);
}

TEST(WorkPayload, OfAnotherAppNeedsNoFenceAndNoOutputs) {
    const auto read = parse_work_payload(
        R"({"job_id":"order:77","type":"upscale_2k","inputs":[{"url":"http://x/y.png"}],"output_prefix":"out/77",)"
        R"("webhook_url":null,"future":{"x":[1]}})");
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(read->job_id, "order:77");
    EXPECT_EQ(read->params_json, "{}");
    EXPECT_EQ(read->time_limit, Milliseconds(600'000));
    EXPECT_FALSE(read->fence);
    EXPECT_TRUE(read->webhook_url.empty());
}

WorkPayload with_workflow() {
    auto payload = full();
    payload.type = "an-operators-own";
    payload.workflow_json = R"({"60":{"class_type":"SaveImage","inputs":{"x":0.50}}})";
    payload.role_of_node = {{"60", "main"}, {"61", "mask"}};
    payload.inputs[0].name = "input 0.jpg";
    payload.inputs[1].name = "input-1.png";
    return payload;
}

TEST(WorkPayload, CarriesAWorkflowAsItWasWritten) {
    const auto text = write_work_payload(with_workflow());
    const auto read = parse_work_payload(text);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(write_work_payload(*read), text);
    EXPECT_EQ(read->workflow_json, with_workflow().workflow_json);
    EXPECT_EQ(read->role_of_node.at("61"), "mask");
    EXPECT_EQ(read->inputs[0].name, "input 0.jpg");
}

TEST(WorkPayload, OfAWorkflowMayHaveNoInputs) {
    auto payload = with_workflow();
    payload.inputs.clear();
    EXPECT_TRUE(parse_work_payload(write_work_payload(payload)));
    payload.workflow_json.clear();
    EXPECT_FALSE(parse_work_payload(write_work_payload(payload)));
}

TEST(WorkPayload, OfAWorkflowIsRefusedIfNobodyCouldTellItsResultOrItsInputs) {
    const auto refused = [](auto&& change) {
        auto payload = with_workflow();
        change(payload);
        return !parse_work_payload(write_work_payload(payload));
    };
    EXPECT_FALSE(refused([](WorkPayload&) {}));
    EXPECT_TRUE(refused([](WorkPayload& payload) { payload.role_of_node.clear(); }));
    EXPECT_TRUE(refused([](WorkPayload& payload) { payload.role_of_node["61"] = "main"; }));
    EXPECT_TRUE(refused([](WorkPayload& payload) { payload.role_of_node["61"] = "../main"; }));
    EXPECT_TRUE(refused([](WorkPayload& payload) { payload.inputs[1].name.clear(); }));
    EXPECT_TRUE(refused([](WorkPayload& payload) { payload.inputs[1].name = payload.inputs[0].name; }));
    EXPECT_TRUE(refused([](WorkPayload& payload) { payload.inputs[0].name = "../a.png"; }));
    EXPECT_TRUE(refused([](WorkPayload& payload) { payload.inputs[0].name = ".hidden"; }));
    EXPECT_TRUE(refused([](WorkPayload& payload) { payload.workflow_json = R"("text")"; }));
    EXPECT_TRUE(refused([](WorkPayload& payload) {
        payload.workflow_json = R"({"1":")" + std::string(workflow_bytes_max, 'x') + R"("})";
    }));
}

TEST(WorkPayload, RoundsATimeLimitUp) {
    auto payload = full();
    payload.time_limit = Milliseconds(500);
    EXPECT_EQ(parse_work_payload(write_work_payload(payload))->time_limit, Milliseconds(1000));
}

// Each case replaces one piece of a payload that is right; the complaint must name the member.
TEST(WorkPayload, RefusesWrongMembersByName) {
    struct Case {
        std::string_view from;
        std::string_view to;
        std::string_view named;
    };
    const auto right = write_work_payload(full());
    for (const auto& [from, to, named] :
         {Case{R"("type":"bg_remove")", R"("type":7)", "input.type"},
          Case{R"("type":"bg_remove")", R"("type":"")", "input.type"},
          Case{R"("type":"bg_remove")", R"("type":"../x")", "input.type"},
          Case{R"("type":"bg_remove",)", "", "input.type"},
          Case{R"("job_id":")", R"("job_id":"/)", "input.job_id"},
          Case{R"("params":{)", R"("params":[1],"x":{)", "input.params"},
          Case{R"("inputs":[)", R"("inputs":[],"y":[)", "input.inputs"},
          Case{R"("inputs":[)", R"("inputs":[5,)", "input.inputs"},
          Case{R"("url":"https://s3.example/in?sig=1")", R"("url":"file:///etc/passwd")", "inputs[0].url"},
          Case{R"("url":"https://s3.example/in?sig=1")", R"("path":"")", "inputs[0].url"},
          Case{R"("path":"/runpod)", R"("url":"http://x","path":"/runpod)", "inputs[1].url"},
          Case{R"("bytes":482113)", R"("bytes":-1)", "inputs[0].bytes"},
          Case{R"("bytes":482113)", R"("bytes":1.5)", "inputs[0].bytes"},
          Case{R"("sha256":"aa)", R"("sha256":"AA)", "inputs[0].sha256"},
          Case{R"("sha256":"aa)", R"("sha256":"a)", "inputs[0].sha256"},
          Case{R"("role":"main",)", "", "outputs[0].role"},
          Case{R"("url":"https://s3.example/out",)", "", "outputs[0].url"},
          Case{R"("x-amz-a":"b")", R"("x-amz-a":"b\r\nX: y")", "outputs[0].headers"},
          Case{R"("x-amz-a":"b")", R"("x amz":"b")", "outputs[0].headers"},
          Case{R"("x-amz-a":"b")", R"("x-amz-a":5)", "outputs[0].headers"},
          Case{R"("webhook_url":"https)", R"("webhook_url":"gopher)", "input.webhook_url"},
          Case{R"("auth":"Bearer)", R"("auth":"Bearer\n)", "input.auth"},
          Case{R"("timeout_s":180)", R"("timeout_s":"180")", "input.timeout_s"},
          Case{R"("timeout_s":180)", R"("timeout_s":99999999999)", "input.timeout_s"},
          Case{R"("attempt":"aaaa)", R"("attempt":"zaaa)", "_darkroom.attempt"},
          Case{R"("attempt_token":"tok_en-1.x")", R"("attempt_token":"a b")", "_darkroom.attempt_token"},
          Case{R"("_darkroom":{)", R"("_darkroom":[],"z":{)", "input._darkroom"}}) {
        auto text = right;
        const auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
        const auto read = parse_work_payload(text);
        ASSERT_FALSE(read.ok()) << text;
        EXPECT_NE(read.error().detail.find(named), std::string::npos) << read.error().detail << " for " << to;
    }
}

TEST(WorkPayload, RefusesHugeDeepAndTruncatedText) {
    const auto right = write_work_payload(full());
    for (std::size_t size = 0; size < right.size(); ++size)
        EXPECT_FALSE(parse_work_payload(std::string_view(right).substr(0, size)).ok()) << size;
    auto payload = full();
    payload.inputs.assign(work_inputs_max + 1, payload.inputs[0]);
    EXPECT_FALSE(parse_work_payload(write_work_payload(payload)).ok());
    payload = full();
    payload.params_json = "{\"x\":\"" + std::string(work_payload_bytes_max, 'x') + "\"}";
    EXPECT_FALSE(parse_work_payload(write_work_payload(payload)).ok());
    payload.params_json = "{\"x\":" + std::string(40, '[') + std::string(40, ']') + "}";
    EXPECT_FALSE(parse_work_payload(write_work_payload(payload)).ok());
    payload.params_json = R"({"cost":1,"cost":0})";
    EXPECT_FALSE(parse_work_payload(write_work_payload(payload)).ok());
}

// Method: random bytes changed in a right payload; what is still read must be written and read again alike.
TEST(WorkPayload, ReadsAnyBytesToAnEnd) {
    const auto right = write_work_payload(full());
    int readable = 0;
    for (std::uint32_t seed = 0; seed < 2000; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        auto text = right;
        for (std::uint32_t i = 0; i <= random() % 3; ++i)
            text[random() % text.size()] = static_cast<char>(random());
        const auto read = parse_work_payload(text);
        if (!read) continue;
        ++readable;
        const auto again = parse_work_payload(write_work_payload(*read));
        ASSERT_TRUE(again.ok()) << again.error().detail;
        EXPECT_EQ(write_work_payload(*again), write_work_payload(*read));
    }
    EXPECT_GT(readable, 50);
}

}  // namespace
}  // namespace darkroom::runpod
