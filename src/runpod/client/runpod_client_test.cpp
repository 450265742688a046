#include "runpod/client/runpod_client.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runpod/client/testing/scripted_api.h"
#include "tests/support/seeded_random.h"

namespace darkroom::runpod {
namespace {

using ports::FetchError;
using testing::answered;
using testing::broken;

class RunpodClientTest : public ::testing::Test {
protected:
    static ClientSettings settings() {
        ClientSettings settings;
        settings.base_url = "http://127.0.0.1:8088/v2/";
        settings.endpoint_id = "ep-1";
        settings.api_key = "rpa_SECRETKEY";
        settings.version = "1.2";
        settings.output_bytes_max = 1000;
        return settings;
    }
    static SubmitRequest request() {
        SubmitRequest request;
        request.input_json = R"({"job_id":"1"})";
        return request;
    }
    std::string run() { return run(request()); }
    std::string run(const SubmitRequest& submit) {
        const auto outcome = client.run(submit);
        if (const auto* done = std::get_if<Submitted>(&outcome)) return "submitted " + done->id.str();
        if (const auto* refused = std::get_if<RefusedForSure>(&outcome)) {
            last_refusal = *refused;
            return std::string(name_of(refused->kind));
        }
        return "ambiguous";
    }
    std::string status() {
        const auto job = client.status(id);
        if (job) return std::string(name_of(job->state));
        last_error = job.error();
        return std::string(name_of(job.error().kind));
    }

    testing::ScriptedApi api;
    testing::JumpingClock clock;
    darkroom::testing::SeededRandom random{1};
    RunpodClient client{settings(), api, clock, random};
    RemoteJobId id = *RemoteJobId::parse("job-u1");
    RefusedForSure last_refusal;
    CallError last_error;
};

const std::string* header(const ports::OutgoingRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
        if (key == name) return &value;
    }
    return nullptr;
}

TEST_F(RunpodClientTest, SubmitsAsRunPodTakesIt) {
    api.answers({answered(200, R"({"id":"job-u1","status":"IN_QUEUE"})")});
    auto submit = request();
    submit.webhook = "https://darkroom.example/hook";
    submit.policy = {Milliseconds(600'000), Milliseconds(3'600'000), false};
    EXPECT_EQ(run(submit), "submitted job-u1");
    const auto sent = api.requests().at(0);
    EXPECT_EQ(sent.method, ports::HttpMethod::post);
    EXPECT_EQ(sent.url, "http://127.0.0.1:8088/v2/ep-1/run");
    EXPECT_EQ(sent.body, R"({"input":{"job_id":"1"},"webhook":"https://darkroom.example/hook",)"
                         R"("policy":{"executionTimeout":600000,"ttl":3600000}})");
    EXPECT_EQ(*header(sent, "Authorization"), "Bearer rpa_SECRETKEY");
    EXPECT_EQ(*header(sent, "Content-Type"), "application/json");
    EXPECT_EQ(*header(sent, "User-Agent"), "Darkroom/1.2");
    EXPECT_EQ(sent.total_timeout, Milliseconds(30'000));
    EXPECT_EQ(sent.connect_timeout, Milliseconds(5'000));
    EXPECT_EQ(sent.stop_fd, -1) << "a submit that is under way is not cut: that would make it ambiguous";
}

TEST_F(RunpodClientTest, NeverRepeatsASubmit) {
    for (const auto& answer :
         {answered(500, ""), answered(503, ""), answered(429, ""), answered(200, "<html>"),
          broken(FetchError::interrupted), broken(FetchError::unreachable)}) {
        const auto before = api.requests().size();
        api.answers({answer});
        (void)run();
        EXPECT_LE(api.requests().size(), before + 1);
    }
}

TEST_F(RunpodClientTest, RefusesWhatRunPodWouldLetDieOrRefuse) {
    auto submit = request();
    submit.input_json = "{}";
    EXPECT_EQ(run(submit), "bad_payload");
    submit.input_json = "\"" + std::string(run_body_bytes_max, 'x') + "\"";
    EXPECT_EQ(run(submit), "bad_payload");
    EXPECT_TRUE(api.requests().empty());
}

// reliability F-C02: obeyed, the rate falls, nothing is sent meanwhile.
TEST_F(RunpodClientTest, ObeysALimitThatTheServerNames) {
    const auto full = client.per_second(Operation::run);
    api.answers({answered(429, "{}", {{"Retry-After", "20"}}), answered(200, R"({"id":"job-u1"})")});
    EXPECT_EQ(run(), "rate_limited");
    EXPECT_EQ(last_refusal.retry_after, Milliseconds(20'000));
    EXPECT_EQ(run(), "rate_limited") << "not even asked";
    EXPECT_EQ(last_refusal.retry_after, Milliseconds(20'000));
    EXPECT_EQ(api.requests().size(), 1u);
    EXPECT_NEAR(client.per_second(Operation::run), full / 2, 0.5);
    EXPECT_FALSE(client.is_circuit_open());
    clock.advance(Milliseconds(20'000));
    EXPECT_EQ(run(), "submitted job-u1");
}

TEST_F(RunpodClientTest, NamesAPauseWhereTheServerNamesNone) {
    for (const auto& headers : {ports::HttpFields{}, ports::HttpFields{{"Retry-After", "soon"}}}) {
        api.answers({answered(429, "", headers)});
        EXPECT_EQ(run(), "rate_limited");
        EXPECT_GE(last_refusal.retry_after, Milliseconds(1'000));
        EXPECT_LE(last_refusal.retry_after, Milliseconds(60'000));
        clock.advance(last_refusal.retry_after);
    }
    EXPECT_EQ(api.requests().size(), 2u);
}

TEST_F(RunpodClientTest, WaitsAMomentForItsTurnUnderTheLimit) {
    api.answers({answered(200, R"({"id":"job-u1"})")});
    for (int i = 0; i < 800; ++i) ASSERT_EQ(run(), "submitted job-u1");
    EXPECT_GE(clock.passed(), Milliseconds(9'500)) << "800 in ten seconds is 80 % of what RunPod allows";
    EXPECT_LE(clock.passed(), Milliseconds(11'000));
}

// reliability F-C01.
TEST_F(RunpodClientTest, LeavesAnEndpointAloneThatFailedFiveTimesInARow) {
    api.answers({broken(FetchError::unreachable)});
    for (int i = 0; i < 5; ++i) EXPECT_EQ(run(), "unreachable");
    EXPECT_TRUE(client.is_circuit_open());
    EXPECT_EQ(run(), "unreachable") << "waits for the probe, which fails";
    EXPECT_EQ(api.requests().size(), 6u);
    // More often than may be inside at once: who is turned away takes no place.
    for (int i = 0; i < 400; ++i) EXPECT_EQ(run(), "unreachable");
    EXPECT_LE(api.requests().size(), 11u) << "rests that are longer than the patience are not waited for";
    EXPECT_GT(last_refusal.retry_after, settings().run_patience);
    api.answers({answered(200, R"({"id":"job-u1"})")});
    clock.advance(Milliseconds(60'000));
    EXPECT_EQ(run(), "submitted job-u1");
    EXPECT_FALSE(client.is_circuit_open());
}

TEST_F(RunpodClientTest, TakesARefusalForALifeSign) {
    for (const int code : {400, 401, 404, 429}) {
        api.answers({answered(code, "")});
        for (int i = 0; i < 10; ++i) {
            (void)run();
            clock.advance(Milliseconds(70'000));
        }
        EXPECT_FALSE(client.is_circuit_open()) << code;
    }
}

TEST_F(RunpodClientTest, AsksForAJobAndReadsItAsItComes) {
    api.answers(
        {answered(200, R"({"id":"job-u1","status":"COMPLETED","output":{"files":[]},"executionTime":5})")});
    const auto job = client.status(id);
    ASSERT_TRUE(job.ok()) << job.error().detail;
    EXPECT_EQ(job->state, JobState::completed);
    EXPECT_EQ(job->output_json, R"({"files":[]})");
    const auto sent = api.requests().at(0);
    EXPECT_EQ(sent.method, ports::HttpMethod::get);
    EXPECT_EQ(sent.url, "http://127.0.0.1:8088/v2/ep-1/status/job-u1");
    EXPECT_EQ(sent.total_timeout, Milliseconds(15'000));
    EXPECT_GE(sent.stop_fd, 0);
    EXPECT_EQ(header(sent, "Content-Type"), nullptr);
}

TEST_F(RunpodClientTest, KeepsNothingOfAnOutputThatIsTooLarge) {
    api.answers({answered(
        200, R"({"id":"job-u1","status":"COMPLETED","output":")" + std::string(50'000, 'x') + "\"}")});
    const auto job = client.status(id);
    ASSERT_TRUE(job.ok()) << job.error().detail;
    EXPECT_TRUE(job->output_too_large);
    EXPECT_FALSE(job->output_json);
}

TEST_F(RunpodClientTest, RepeatsAQuestionUntilItIsAnswered) {
    api.answers({answered(502, "<html>"), broken(FetchError::interrupted),
                 answered(200, "<html>maintenance</html>"), answered(524, ""),
                 answered(200, R"({"id":"job-u1","status":"IN_PROGRESS"})")});
    EXPECT_EQ(status(), "IN_PROGRESS");
    EXPECT_EQ(api.requests().size(), 5u);
    EXPECT_LT(clock.passed(), settings().call_deadline);
}

TEST_F(RunpodClientTest, GivesUpAQuestionAtItsDeadline) {
    api.answers({answered(500, R"({"error":"out of order"})")});
    EXPECT_EQ(status(), "unavailable");
    EXPECT_EQ(last_error.detail, "HTTP 500: out of order");
    EXPECT_GT(last_error.retry_after, Milliseconds(0))
        << "the rest of the endpoint, which opened its circuit";
    EXPECT_LE(clock.passed(), settings().call_deadline);
    EXPECT_GE(api.requests().size(), 5u);
    EXPECT_LE(api.requests().size(), 30u);
}

TEST_F(RunpodClientTest, NeverWaitsLongerForOneTryThanItHasTimeLeft) {
    api.before_answer = [&] { clock.advance(Milliseconds(14'000)); };
    api.answers({broken(FetchError::interrupted)});
    EXPECT_EQ(status(), "unavailable");
    for (const auto& sent : api.requests()) {
        EXPECT_GT(sent.total_timeout, Milliseconds(0));
        EXPECT_LE(sent.total_timeout, Milliseconds(15'000));
    }
    EXPECT_LT(api.requests().back().total_timeout, Milliseconds(15'000));
}

TEST_F(RunpodClientTest, DoesNotRepeatWhatIsAnsweredForGood) {
    struct Case {
        int status;
        std::string_view kind;
    };
    for (const auto& [code, kind] : {Case{404, "not_found"}, Case{401, "auth"}, Case{403, "auth"},
                                     Case{402, "funds"}, Case{400, "refused"}, Case{302, "refused"}}) {
        const auto before = api.requests().size();
        api.answers(
            {answered(code, R"({"error":"key rpa_SECRETKEY"})", {{"Location", "http://evil.example/"}})});
        EXPECT_EQ(status(), kind) << code;
        EXPECT_EQ(api.requests().size(), before + 1) << code;
        EXPECT_EQ(last_error.detail.find("SECRET"), std::string::npos);
    }
    for (const auto& sent : api.requests()) EXPECT_EQ(sent.url.find("evil"), std::string::npos);
}

TEST_F(RunpodClientTest, TakesNoAnswerAboutAnotherJob) {
    api.answers({answered(200, R"({"id":"other-u1","status":"COMPLETED"})")});
    EXPECT_EQ(status(), "unavailable");
    EXPECT_NE(last_error.detail.find("another job"), std::string::npos);
}

TEST_F(RunpodClientTest, ReadsAnEndlessAnswerToItsLimitOnly) {
    auto settings = RunpodClientTest::settings();
    settings.call_deadline = Milliseconds(2'000);
    RunpodClient hasty(settings, api, clock, random);
    api.answers({answered(200, R"({"id":"job-u1","status":"COMPLETED","x":1}   trailing)")});
    const auto job = hasty.status(id);
    ASSERT_FALSE(job.ok());
    EXPECT_EQ(job.error().kind, CallErrorKind::unavailable);
    EXPECT_TRUE(job.error().may_have_happened);
}

TEST_F(RunpodClientTest, ObeysARetryAfterBetweenTries) {
    api.answers({answered(429, "", {{"Retry-After", "17"}}),
                 answered(200, R"({"id":"job-u1","status":"IN_QUEUE"})")});
    EXPECT_EQ(status(), "IN_QUEUE");
    EXPECT_GE(clock.passed(), Milliseconds(17'000));
    api.answers({answered(429, "", {{"Retry-After", "200"}})});
    EXPECT_EQ(status(), "rate_limited") << "longer than the call may take";
    EXPECT_GE(last_error.retry_after, Milliseconds(200'000));
}

TEST_F(RunpodClientTest, CancelsUntilItIsHeardAndTellsWhatTheJobIsThen) {
    api.answers({broken(FetchError::interrupted), answered(200, R"({"id":"job-u1","status":"CANCELLED"})")});
    auto job = client.cancel(id);
    ASSERT_TRUE(job.ok());
    EXPECT_EQ(job->state, JobState::cancelled);
    EXPECT_EQ(api.requests().at(0).url, "http://127.0.0.1:8088/v2/ep-1/cancel/job-u1");
    EXPECT_EQ(api.requests().at(0).method, ports::HttpMethod::post);
    api.answers({answered(200, R"({"id":"job-u1","status":"COMPLETED"})")});
    EXPECT_EQ(client.cancel(id)->state, JobState::completed) << "it was faster";
    api.answers({answered(404, "")});
    EXPECT_EQ(client.cancel(id).error().kind, CallErrorKind::not_found);
}

TEST_F(RunpodClientTest, AsksForHealth) {
    api.answers({answered(200, R"({"jobs":{"inQueue":4},"workers":{"throttled":2}})")});
    const auto health = client.health();
    ASSERT_TRUE(health.ok());
    EXPECT_EQ(health->jobs.in_queue, 4);
    EXPECT_EQ(diagnose(*health, Milliseconds(0)).verdict, HealthVerdict::no_capacity);
}

TEST_F(RunpodClientTest, RetriesAndPurgesOnlyOnce) {
    api.answers({answered(500, "")});
    EXPECT_TRUE(client.retry(id).error().may_have_happened);
    EXPECT_FALSE(client.purge().ok());
    EXPECT_EQ(api.requests().size(), 2u);
    api.answers({answered(200, R"({"id":"job-u1","status":"IN_QUEUE"})")});
    EXPECT_EQ(client.retry(id)->id, id);
    api.answers({answered(200, R"({"removed":2,"status":"completed"})")});
    clock.advance(Milliseconds(60'000));
    EXPECT_EQ(*client.purge(), 2);
    EXPECT_EQ(api.requests().back().url, "http://127.0.0.1:8088/v2/ep-1/purge-queue");
}

TEST_F(RunpodClientTest, TakesANewKeyWithoutARestart) {
    api.answers({answered(401, "")});
    EXPECT_EQ(run(), "auth");
    client.set_api_key("rpa_NEW");
    api.answers({answered(200, R"({"id":"job-u1"})")});
    EXPECT_EQ(run(), "submitted job-u1");
    EXPECT_EQ(*header(api.requests().back(), "Authorization"), "Bearer rpa_NEW");
}

TEST_F(RunpodClientTest, PutsTheKeyIntoItsHeaderAndNowhereElse) {
    for (const auto& answer : {answered(401, R"({"error":"rpa_SECRETKEY"})"),
                               broken(FetchError::unreachable, "no route for rpa_SECRETKEY")}) {
        api.answers({answer});
        (void)run();
        EXPECT_EQ(last_refusal.why.find("SECRET"), std::string::npos) << last_refusal.why;
    }
    for (const auto& sent : api.requests()) {
        EXPECT_EQ(sent.url.find("SECRET"), std::string::npos);
        EXPECT_EQ(sent.body.find("SECRET"), std::string::npos);
        EXPECT_EQ(
            std::count_if(sent.headers.begin(), sent.headers.end(),
                          [](const auto& one) { return one.second.find("SECRET") != std::string::npos; }),
            1);
    }
}

TEST_F(RunpodClientTest, SendsNothingOnceItIsStopped) {
    client.stop();
    EXPECT_EQ(run(), "unreachable");
    EXPECT_EQ(status(), "stopped");
    EXPECT_EQ(client.cancel(id).error().kind, CallErrorKind::stopped);
    EXPECT_TRUE(api.requests().empty());
}

TEST_F(RunpodClientTest, EndsACallThatIsStoppedUnderWay) {
    api.before_answer = [&] { client.stop(); };
    api.answers({broken(FetchError::stopped)});
    EXPECT_EQ(status(), "stopped");
    EXPECT_EQ(api.requests().size(), 1u);
}

}  // namespace
}  // namespace darkroom::runpod
