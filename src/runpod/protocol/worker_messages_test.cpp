#include "runpod/protocol/worker_messages.h"

#include <gtest/gtest.h>

#include "runpod/protocol/worker_error.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t body_max = 1u << 20;

RemoteJobId id(std::string_view text) { return *RemoteJobId::parse(text); }

TEST(TakenJobs, AreOneObjectOrAnArray) {
    auto taken =
        parse_taken_jobs(R"({"id":"a-u1","input":{"n":1.0},"webhook":"https://x","new":[1]})", body_max);
    ASSERT_TRUE(taken.ok()) << taken.error().detail;
    ASSERT_EQ(taken->jobs.size(), 1u);
    EXPECT_EQ(taken->jobs[0].id, id("a-u1"));
    EXPECT_EQ(taken->jobs[0].input_json, R"({"n":1.0})");
    EXPECT_EQ(taken->jobs[0].webhook, "https://x");
    EXPECT_EQ(write_taken_job(taken->jobs[0]), R"({"id":"a-u1","input":{"n":1.0},"webhook":"https://x"})");

    taken = parse_taken_jobs(R"( [{"id":"a","input":1},{"id":"b"},{"input":5},7,{"id":"c/d","input":1}] )",
                             body_max);
    ASSERT_TRUE(taken.ok()) << taken.error().detail;
    ASSERT_EQ(taken->jobs.size(), 2u);
    EXPECT_FALSE(taken->jobs[1].input_json) << "must be refused by the worker, not be dropped";
    EXPECT_EQ(taken->without_id, 3);
    EXPECT_EQ(write_taken_jobs(taken->jobs), R"([{"id":"a","input":1},{"id":"b"}])");
    EXPECT_TRUE(parse_taken_jobs("[]", body_max)->jobs.empty());
    EXPECT_EQ(parse_taken_jobs("{}", body_max)->without_id, 1);
}

TEST(TakenJobs, AreRefusedWhenTheyCannotBeRead) {
    for (const std::string_view text :
         {"", " ", "7", "null", "{", "[", "[{\"id\":\"a\"", "{\"id\":\"a\"}x", "<html>"})
        EXPECT_FALSE(parse_taken_jobs(text, body_max).ok()) << text;
    EXPECT_FALSE(parse_taken_jobs("{\"id\":\"a\",\"input\":\"" + std::string(1000, 'x') + "\"}", 1000).ok());
    std::string many = "[0";
    for (int i = 0; i < 1000; ++i) many += ",0";
    EXPECT_FALSE(parse_taken_jobs(many + "]", body_max).ok());
}

TEST(DoneReport, HasTheFormsOfTheOfficialWorker) {
    struct Case {
        DoneReport report;
        std::string_view text;
    };
    for (const auto& [report, text] :
         {Case{{false, "{\"a\":1}", {}, false, false}, R"({"output":{"a":1}})"}, Case{{}, "{}"},
          Case{{false, {}, "bad", false, false}, R"({"error":"bad"})"},
          Case{{false, "{}", "bad", true, false}, R"({"output":{},"error":"bad","stopPod":true})"},
          Case{{true, "50", {}, false, false}, R"({"status":"IN_PROGRESS","output":50})"}}) {
        EXPECT_EQ(write_done_report(report), text);
        const auto read = parse_done_report(text, body_max);
        ASSERT_TRUE(read.ok()) << text;
        EXPECT_EQ(read->is_progress, report.is_progress);
        EXPECT_EQ(read->output_json, report.output_json);
        EXPECT_EQ(read->error, report.error);
        EXPECT_EQ(read->stop_worker, report.stop_worker);
    }
}

TEST(DoneReport, TellsAnErrorThatIsNoText) {
    const auto report = parse_done_report(R"({"output":1,"error":{"code":5}})", body_max);
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->error_is_no_text);
    EXPECT_FALSE(report->error);
    EXPECT_FALSE(parse_done_report(R"({"error":null})", body_max)->error_is_no_text);
    EXPECT_FALSE(parse_done_report(R"({"status":"COMPLETED"})", body_max)->is_progress);
    EXPECT_FALSE(parse_done_report(R"({"stopPod":"true"})", body_max)->stop_worker);
    for (const std::string_view text : {"", "[]", "{\"output\":", "output=1"})
        EXPECT_FALSE(parse_done_report(text, body_max).ok()) << text;
}

TEST(StreamChunk, IsOutputOrError) {
    EXPECT_EQ(write_stream_chunk({"[1.0]", {}}), R"({"output":[1.0]})");
    EXPECT_EQ(write_stream_chunk({{}, "bad"}), R"({"error":"bad"})");
    EXPECT_EQ(parse_stream_chunk(R"({"output":[1.0]})", body_max)->output_json, "[1.0]");
    EXPECT_EQ(parse_stream_chunk(R"({"error":"bad"})", body_max)->error, "bad");
    EXPECT_FALSE(parse_stream_chunk("x", body_max).ok());
}

TEST(JobsToStop, DropsWhatIsNoId) {
    const std::vector ids = {id("a-u1"), id("b")};
    EXPECT_EQ(write_jobs_to_stop(ids), R"({"jobsToStop":["a-u1","b"]})");
    EXPECT_EQ(*parse_jobs_to_stop(R"({"jobsToStop":["a-u1",5,null,"c d",["x"],"b"],"more":1})"), ids);
    EXPECT_TRUE(parse_jobs_to_stop("{}")->empty());
    EXPECT_TRUE(parse_jobs_to_stop(R"({"jobsToStop":null})")->empty());
    for (const std::string_view text :
         {"", "[]", R"({"jobsToStop":"a"})", R"({"jobsToStop":{"a":1}})", "{\"jobsToStop\":[\"a\""})
        EXPECT_FALSE(parse_jobs_to_stop(text).ok()) << text;
}

TEST(Ping, NamesTheJobsInHand) {
    const std::vector ids = {id("a-u1"), id("b")};
    EXPECT_EQ(ping_query(ids, "1.0 x"), "job_id=a-u1%2Cb&runpod_version=1.0%20x");
    EXPECT_EQ(ping_query({}, "1.0"), "runpod_version=1.0");
    EXPECT_EQ(parse_ping_job_ids("a-u1,b"), ids);
    EXPECT_EQ(parse_ping_job_ids(",a-u1,,c d,b,"), ids);
    EXPECT_TRUE(parse_ping_job_ids("").empty());
    EXPECT_EQ(unhealthy_query("disk", "full & slow", "1"),
              "status=unhealthy&check=disk&reason=full%20%26%20slow&runpod_version=1");
    EXPECT_EQ(unhealthy_query("d", std::string(1000, 'x'), "1").size(),
              unhealthy_query("d", "", "1").size() + 256);
}

TEST(WorkerError, IsReadBackAsItWasWritten) {
    const WorkerError error{"output_invalid", "the \"mask\"\nis empty", "at x", "host", "w1", "darkroom"};
    EXPECT_EQ(
        write_worker_error(error),
        R"({"error_type":"output_invalid","error_message":"the \"mask\"\nis empty","error_traceback":"at x",)"
        R"("hostname":"host","worker_id":"w1","runpod_version":"darkroom"})");
    const auto read = read_worker_error(write_worker_error(error));
    EXPECT_EQ(read.type, error.type);
    EXPECT_EQ(read.message, error.message);
    EXPECT_EQ(read.traceback, error.traceback);
}

TEST(WorkerError, TakesAnyTextAndKeepsTracebacksApart) {
    EXPECT_EQ(read_worker_error("job timed out after 1 retries").message, "job timed out after 1 retries");
    const auto split = read_worker_error("handler: boom \ntraceback: File \"x.py\"");
    EXPECT_EQ(split.message, "handler: boom");
    EXPECT_EQ(split.traceback, " File \"x.py\"");
    for (const auto* text : {"", "{", "{\"a\":1}", "{\"error_type\":", "[1]"})
        EXPECT_EQ(read_worker_error(text).message, text);
    EXPECT_EQ(read_worker_error(R"({"error_message":"only","error_type":5})").message, "only");
}

TEST(WorkerError, CutsBetweenCharacters) {
    const auto cut = read_worker_error(std::string(4095, 'a') + "\xc3\xa4\xc3\xa4").message;
    EXPECT_EQ(cut, std::string(4095, 'a'));
    EXPECT_EQ(read_worker_error(std::string(4094, 'a') + "\xc3\xa4\xc3\xa4").message,
              std::string(4094, 'a') + "\xc3\xa4");
}

}  // namespace
}  // namespace darkroom::runpod
