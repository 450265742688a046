// `darkroom endpoint` as a process, over real sockets: keys, sizes, long polls, trouble on the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "runpod/protocol/submit.h"
#include "tests/runpod/endpoint_process.h"

namespace darkroom::runpod {
namespace {

using ports::HttpMethod;
using ::testing::HasSubstr;
using ::testing::Not;

std::string take(EndpointProcess& endpoint) {
    return member(endpoint.worker_get("/job-take/w1?gpu=LOCAL&job_in_progress=0").body, "id");
}

TEST(EndpointHttp, EachSideHasAKeyOfItsOwn) {
    EndpointProcess endpoint;
    for (const auto* path : {"/v2/ep-local/health", "/v2/serverless/ep-local", "/_darkroom/journal"}) {
        EXPECT_EQ(endpoint.call(HttpMethod::get, path, "").status, 401) << path;
        EXPECT_EQ(endpoint.call(HttpMethod::get, path, "local-worker-key").status, 401) << path;
        EXPECT_EQ(endpoint.call(HttpMethod::get, path, "local-client-key").status, 200) << path;
        EXPECT_EQ(endpoint.call(HttpMethod::get, path, "Bearer local-client-key").status, 200) << path;
    }
    EXPECT_EQ(endpoint.call(HttpMethod::get, "/v2/ep-local/ping/w", "local-client-key").status, 401);
    EXPECT_EQ(endpoint.call(HttpMethod::get, "/v2/ep-local/ping/w", "local-worker-key").status, 200);
    EXPECT_EQ(endpoint.call(HttpMethod::get, "/v2/other/health", "local-client-key").status, 404);
    EXPECT_THAT(endpoint.call(HttpMethod::get, "/nowhere", "").body, HasSubstr("{\"error\":"));
    EXPECT_THAT(endpoint.log(), Not(HasSubstr("error")));
}

TEST(EndpointHttp, BadSubmitsAreRefusedWithASentenceAndQueueNothing) {
    EndpointProcess endpoint({"--set", "run_bytes_max=1000"});
    const std::vector<std::string> bodies = {
        std::string(),
        std::string("{"),
        std::string("[]"),
        std::string(R"({"input":{}})"),
        std::string(R"({"webhook":"http://x"})"),
        std::string(R"({"input":{"a":1},"webhook":7})"),
        std::string(R"({"input":{"a":1},"policy":{"ttl":1}})"),
        std::string(R"({"input":{"a":1},"policy":{"executionTimeout":-1}})"),
        std::string("\xff\xfe{}"),
        R"({"input":")" + std::string(2'000, 'x') + R"("})",
        std::string(900, '[')};
    for (const auto& body : bodies) {
        const auto answer = endpoint.post("/run", body);
        EXPECT_EQ(answer.status, 400) << body.substr(0, 80);
        EXPECT_THAT(answer.body, HasSubstr("{\"error\":\"")) << body.substr(0, 80);
    }
    EXPECT_THAT(endpoint.get("/health").body, HasSubstr("\"inQueue\":0"));
    EXPECT_EQ(endpoint.journal(), "");
}

TEST(EndpointHttp, BadReportsOfWorkersChangeNothing) {
    EndpointProcess endpoint;
    const auto id = endpoint.run();
    ASSERT_EQ(take(endpoint), id);
    for (const auto* body : {"", "{", "[]", "null", R"({"output":})"})
        EXPECT_EQ(endpoint.worker_post("/job-done/w1/" + id, body).status, 400) << body;
    EXPECT_EQ(endpoint.worker_post("/job-done/w1/no-such-job", R"({"output":1})").status, 404);
    EXPECT_EQ(endpoint.worker_post("/job-stream/w1/no-such-job", R"({"output":1})").status, 404);
    EXPECT_EQ(endpoint.worker_post("/job-done/w1/..%2f..%2fetc", R"({"output":1})").status, 404);
    EXPECT_EQ(member(endpoint.get("/status/" + id).body, "status"), "IN_PROGRESS");
    EXPECT_EQ(endpoint.worker_post("/job-done/w1/" + id, R"({"output":1})").status, 200);
    EXPECT_EQ(member(endpoint.get("/status/" + id).body, "status"), "COMPLETED");
}

TEST(EndpointHttp, AResultBeyondTheLimitIsRefusedAndTheJobIsEmpty) {
    EndpointProcess endpoint({"--set", "run_bytes_max=100000"});
    const auto id = endpoint.run();
    ASSERT_EQ(take(endpoint), id);
    const auto large = R"({"output":")" + std::string(300'000, 'x') + R"("})";
    EXPECT_EQ(endpoint.worker_post("/job-done/w1/" + id, large).status, 400);
    const auto status = endpoint.get("/status/" + id).body;
    EXPECT_EQ(member(status, "status"), "COMPLETED");
    EXPECT_THAT(status, Not(HasSubstr("output")));
}

TEST(EndpointHttp, LongPollsAreAnsweredWhenSomethingHappensAndAtTheirEnd) {
    EndpointProcess endpoint({"--set", "take_hold_ms=300", "--set", "stop_hold_ms=300"});
    EXPECT_EQ(endpoint.worker_get("/job-take/w1?gpu=LOCAL").status, 204);
    EXPECT_EQ(endpoint.worker_get("/job-take-batch/w1?batch_size=3").status, 204);
    EXPECT_EQ(endpoint.worker_get("/job-stop/w1?gpu=LOCAL").status, 204);
    EndpointProcess patient;
    std::string taken;
    std::thread worker([&] { taken = take(patient); });
    const auto id = patient.run();
    worker.join();
    EXPECT_EQ(taken, id);
    std::string stops;
    std::thread listener([&] { stops = patient.worker_get("/job-stop/w1?gpu=LOCAL").body; });
    EXPECT_EQ(patient.post("/cancel/" + id, "{}").status, 200);
    listener.join();
    EXPECT_EQ(stops, R"({"jobsToStop":[")" + id + R"("]})");
}

TEST(EndpointHttp, RunsyncComesBackWithTheResultOrAtTheEndOfItsWait) {
    EndpointProcess endpoint;
    std::thread worker([&] {
        const auto id = take(endpoint);
        EXPECT_EQ(endpoint.worker_post("/job-done/w1/" + id, R"({"output":{"ok":1}})").status, 200);
    });
    const auto done = endpoint.post("/runsync", R"({"input":{"n":1}})");
    worker.join();
    EXPECT_THAT(done.body, HasSubstr(R"("output":{"ok":1},"status":"COMPLETED")"));
    EXPECT_EQ(member(endpoint.post("/runsync?wait=1000", R"({"input":{"n":1}})").body, "status"), "IN_QUEUE");
    EXPECT_EQ(endpoint.get("/status-sync/nothing?wait=1000").status, 404);
}

TEST(EndpointHttp, RateLimitsAreThoseOfThePlatform) {
    EndpointProcess endpoint;
    EXPECT_EQ(endpoint.post("/purge-queue", "").status, 200);
    EXPECT_EQ(endpoint.post("/purge-queue", "{}").status, 200);
    EXPECT_EQ(endpoint.post("/purge-queue", "").status, 429);
    EXPECT_EQ(endpoint.get("/health").status, 200);
}

TEST(EndpointHttp, TroubleWithSubmitsLeavesAJobOrNone) {
    EndpointProcess endpoint;
    const auto queued = [&] {
        const auto health = endpoint.get("/health").body;
        const auto at = health.find("\"inQueue\":") + 10;
        return std::stoi(health.substr(at));
    };
    int jobs = 0;
    const auto try_fault = [&](const std::string& fault, const std::string& when, int status, bool accepted) {
        endpoint.faults("{\"" + fault + "\":\"" + when + "\"}");
        auto answer = endpoint.post("/run", R"({"input":{"n":1}})");
        EXPECT_EQ(answer.status, status) << fault;
        jobs += accepted ? 1 : 0;
        EXPECT_EQ(queued(), jobs) << fault;
        return answer;
    };
    try_fault("drop_before_accept", "#1", 0, false);
    try_fault("accept_then_drop", "#1", 0, true);
    try_fault("5xx_before_accept", "#1", 502, false);
    try_fault("5xx_after_accept", "#1:503", 503, true);
    try_fault("run_401", "#1", 401, false);
    try_fault("run_402", "#1", 402, false);
    try_fault("any_drop", "#1", 0, false);
    EXPECT_THAT(try_fault("any_html", "#1", 502, false).body, HasSubstr("<html>"));
    const auto limited = try_fault("run_429", "#1:7", 429, false);
    EXPECT_THAT(limited.headers,
                ::testing::Contains(std::pair<std::string, std::string>("Retry-After", "7")));
    for (int how = 1; how <= 6; ++how) {
        const auto answer = try_fault("accept_then_garble", "#1:" + std::to_string(how), 200, true);
        EXPECT_FALSE(parse_submit_answer(answer.body)) << how;
    }
    endpoint.faults(R"({"accept_then_forget":"#1"})");
    EXPECT_EQ(endpoint.get("/status/" + endpoint.run()).status, 404);
}

TEST(EndpointHttp, AnAnswerCanHangOrComeSlowly) {
    EndpointProcess endpoint;
    const auto id = endpoint.run();
    endpoint.faults(R"({"any_hang":"#1","status_slow":"#1:2"})");
    EXPECT_EQ(endpoint.get("/status/" + id, Milliseconds(300)).status, 0);
    EXPECT_EQ(endpoint.get("/status/" + id, Milliseconds(60)).status, 0);  // some 140 ms are needed
    endpoint.faults(R"({"status_slow":"#1:1"})");
    EXPECT_EQ(member(endpoint.get("/status/" + id).body, "status"), "IN_QUEUE");
}

TEST(EndpointHttp, FaultsAreSetInFullOrRefused) {
    EndpointProcess endpoint;
    for (const auto* body : {"", "[]", R"({"faults":{"freeze":"always","x":"always"}})", R"({"fault":{}})",
                             R"({"faults":{"freeze":[]}})", R"({"seed":-1})", R"({"cold_start_ms":"1"})"}) {
        const auto answer = endpoint.call(HttpMethod::post, "/_darkroom/faults", "local-client-key", body);
        EXPECT_EQ(answer.status, 400) << body;
    }
    EXPECT_THAT(endpoint.call(HttpMethod::get, "/_darkroom/faults", "local-client-key").body,
                HasSubstr(R"("faults":{},"known":{)"));
}

TEST(EndpointHttp, ScalingIsChangedByTheManagementApi) {
    EndpointProcess endpoint;
    const auto patch = [&](const std::string& body) {
        return endpoint.call(HttpMethod::patch, "/v2/serverless/ep-local", "Bearer local-client-key", body);
    };
    EXPECT_EQ(patch(R"({"workers":{"idleTimeout":10}})").status, 400);
    const auto changed = patch(R"({"workers":{"min":0,"max":0}})");
    EXPECT_EQ(changed.status, 200) << changed.body;
    EXPECT_THAT(changed.body, HasSubstr(R"("workers":{"min":0,"max":0,"idleTimeout":10})"));
    const auto id = endpoint.run();
    std::string taken;
    std::thread worker([&] { taken = take(endpoint); });
    while (endpoint.journal().find("\"what\":\"submit\"") == std::string::npos) std::this_thread::yield();
    EXPECT_EQ(member(endpoint.get("/status/" + id).body, "status"), "IN_QUEUE");
    EXPECT_EQ(patch(R"({"workers":{"max":1}})").status, 200);
    worker.join();
    EXPECT_EQ(taken, id);
    EXPECT_THAT(
        endpoint.call(HttpMethod::get, "/v2/serverless/ep-local/workers", "Bearer local-client-key").body,
        HasSubstr(R"("workers":[{"id":"w1","status":"RUNNING")"));
}

TEST(EndpointHttp, EndsAtOnceWhenToldAlthoughWorkersWait) {
    EndpointProcess endpoint;
    Answer answer;
    std::thread worker([&] { answer = endpoint.worker_get("/job-take/w1?gpu=LOCAL"); });
    while (endpoint.call(HttpMethod::get, "/v2/serverless/ep-local/workers", "local-client-key").status !=
           200)
        std::this_thread::yield();
    endpoint.child().send_signal(SIGTERM);
    worker.join();
    const auto exit = endpoint.child().wait(Milliseconds(8'000));
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->code, 0);
}

}  // namespace
}  // namespace darkroom::runpod
