#include "runpod/protocol/job_object.h"

#include <gtest/gtest.h>

#include <random>

namespace darkroom::runpod {
namespace {

TEST(JobObject, IsReadAsRunPodWritesIt) {
    const auto job = parse_job_object(
        R"({"id":"0b6f2f5e-1c55-4d0a-9a52-6e2d3a0f9c11-u1","status":"FAILED","delayTime":98000,"executionTime":41900,)"
        R"("retries":1,"error":"job timed out after 1 retries","workerId":"k2m9x0p4q7"})");
    ASSERT_TRUE(job.ok()) << job.error().detail;
    EXPECT_EQ(job->id.str(), "0b6f2f5e-1c55-4d0a-9a52-6e2d3a0f9c11-u1");
    EXPECT_EQ(job->state, JobState::failed);
    EXPECT_EQ(job->delay, Milliseconds(98'000));
    EXPECT_EQ(job->execution, Milliseconds(41'900));
    EXPECT_EQ(job->retries, 1);
    EXPECT_EQ(job->error, "job timed out after 1 retries");
    EXPECT_EQ(job->worker_id, "k2m9x0p4q7");
    EXPECT_FALSE(job->output_json);
}

TEST(JobObject, ToleratesWhatOlderVersionsAndOtherWorkersSend) {
    auto job = parse_job_object(
        R"({"id":"a","status":"COMPLETED","input":{"x":[1]},"error":{"code":7.50},)"
        R"("output":null,"delayTime":"soon","executionTime":-5,"retries":"two","workerId":4})");
    ASSERT_TRUE(job.ok()) << job.error().detail;
    EXPECT_EQ(job->state, JobState::completed);
    EXPECT_EQ(job->error, R"({"code":7.50})");
    EXPECT_FALSE(job->output_json);
    EXPECT_FALSE(job->delay);
    EXPECT_FALSE(job->execution);
    EXPECT_EQ(job->retries, 0);
    EXPECT_FALSE(job->worker_id);
    job = parse_job_object(R"({"id":"a","status":"PAUSED_BY_OPERATOR"})");
    ASSERT_TRUE(job.ok());
    EXPECT_EQ(job->state, JobState::unknown);
    EXPECT_EQ(job->state_text, "PAUSED_BY_OPERATOR");
}

TEST(JobObject, SaysNothingWithoutIdOrStatus) {
    for (const std::string_view text :
         {"", "{}", "[]", "{\"id\":\"a\"}", "{\"status\":\"COMPLETED\"}", "{\"id\":\"a\",\"status\":5}",
          "{\"id\":\"a\",\"status\":\"\"}", "{\"id\":\"a/b\",\"status\":\"COMPLETED\"}",
          "{\"id\":\"a\",\"status\":\"COMPLETED\"",
          "{\"id\":\"a\",\"status\":\"FAILED\",\"status\":\"COMPLETED\"}", "{\"error\":\"job not found\"}",
          "<html>524</html>"})
        EXPECT_FALSE(parse_job_object(text).ok()) << text;
    EXPECT_FALSE(parse_job_object("{\"id\":\"a\",\"status\":\"" + std::string(10'000, 'A') + "\"}").ok());
}

JobObject finished() {
    JobObject job;
    job.id = *RemoteJobId::parse("5d0c-u1");
    job.state = JobState::completed;
    job.delay = Milliseconds(5120);
    job.execution = Milliseconds(2210);
    job.output_json = R"({"images":[{"key":"runs/42/0.png","bytes":913244}]})";
    job.worker_id = "w1";
    return job;
}

TEST(JobObject, IsWrittenAsOfficialClientsReadIt) {
    EXPECT_EQ(
        write_job_object(finished()),
        R"({"delayTime":5120,"executionTime":2210,"id":"5d0c-u1",)"
        R"("output":{"images":[{"key":"runs/42/0.png","bytes":913244}]},"status":"COMPLETED","workerId":"w1"})");
    JobObject queued;
    queued.id = *RemoteJobId::parse("5d0c-u1");
    queued.state = JobState::in_queue;
    EXPECT_EQ(write_job_object(queued), R"({"id":"5d0c-u1","status":"IN_QUEUE"})");
    queued.state_text = "RUNNING";
    queued.retries = 2;
    queued.error = "a \"b\"";
    EXPECT_EQ(write_job_object(queued),
              R"({"id":"5d0c-u1","error":"a \"b\"","retries":2,"status":"RUNNING"})");
}

TEST(Webhook, CarriesTheJobAndTheEchoesAndNoWorker) {
    const auto body =
        write_webhook_body(finished(), R"({"op":"upscale"})", "https://darkroom.example/hooks/7f");
    EXPECT_EQ(body, R"({"delayTime":5120,"executionTime":2210,"id":"5d0c-u1",)"
                    R"("output":{"images":[{"key":"runs/42/0.png","bytes":913244}]},"status":"COMPLETED",)"
                    R"("input":{"op":"upscale"},"webhook":"https://darkroom.example/hooks/7f"})");
    const auto read = parse_job_object(body, webhook_limits);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->output_json, finished().output_json);
    EXPECT_EQ(read->state, JobState::completed);
}

TEST(Webhook, KeepsNothingOfHugeEchoesAndOutputs) {
    JobObjectReader reader(webhook_limits);
    const std::string mebibyte(1u << 20, 'x');
    ASSERT_TRUE(reader.feed(R"({"id":"a","input":{"picture":")"));
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(reader.feed(mebibyte));
    ASSERT_TRUE(reader.feed(R"("},"output":[")"));
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(reader.feed(mebibyte));
    ASSERT_TRUE(reader.feed(R"("],"status":"COMPLETED"})"));
    const auto job = reader.finish();
    ASSERT_TRUE(job.ok()) << job.error().detail;
    EXPECT_TRUE(job->output_too_large);
    EXPECT_FALSE(job->output_json);
    EXPECT_EQ(job->state, JobState::completed);
}

TEST(Webhook, EndsReadingAtItsLimit) {
    JobObjectReader reader({1000, 100});
    EXPECT_TRUE(reader.feed("{\"id\":\"a\",\"input\":\"" + std::string(900, 'x')));
    EXPECT_FALSE(reader.feed(std::string(900, 'x')));
    EXPECT_FALSE(reader.feed("\",\"status\":\"COMPLETED\"}"));
    EXPECT_FALSE(reader.finish().ok());
}

TEST(Webhook, CutsAnErrorTextThatIsALibrary) {
    const auto job = parse_job_object("{\"id\":\"a\",\"status\":\"FAILED\",\"error\":\"" +
                                      std::string(300u << 10, 'e') + "\"}");
    ASSERT_TRUE(job.ok());
    EXPECT_EQ(job->error, "(an error text of more than 256 KiB)");
}

// Method: change, drop and insert bytes of a body that is right. Whatever comes, reading ends with a job that
// has an id and a status, or with an error; the sanitizers watch the rest.
TEST(Webhook, ReadsAnyBytesToAnEnd) {
    const auto right = write_webhook_body(finished(), R"({"a":[1,2.5,{"b":"\u00e4"}]})", "https://x/y");
    int readable = 0;
    for (std::uint32_t seed = 0; seed < 3000; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        auto body = right;
        for (std::uint32_t i = 0; i <= random() % 4; ++i) {
            const auto at = random() % body.size();
            if (random() % 3 == 0) {
                body.erase(at, 1 + random() % 4);
            } else if (random() % 2 == 0) {
                body[at] = static_cast<char>(random());
            } else {
                body.insert(at, 1, "{}[]\",:\\0"[random() % 9]);
            }
            if (body.empty()) break;
        }
        const auto job = parse_job_object(body, webhook_limits);
        if (!job) continue;
        ++readable;
        EXPECT_FALSE(job->id.empty());
        EXPECT_FALSE(job->state_text.empty());
    }
    EXPECT_GT(readable, 100);
    EXPECT_LT(readable, 2900);
}

}  // namespace
}  // namespace darkroom::runpod
