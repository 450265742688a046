// The RunPod client against Darkroom's own endpoint over real sockets, with every fault of its that a client
// can meet. Pauses between tries are skipped; what is sent, cut and answered is real.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "http/curl_client.h"
#include "http/server.h"
#include "runpod/client/runpod_client.h"
#include "runpod/endpoint/endpoint.h"
#include "runpod/endpoint/routes.h"
#include "tests/support/real_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::runpod {
namespace {

using darkroom::testing::RealClock;

class RunpodClientAgainstEndpoint : public ::testing::Test {
protected:
    void SetUp() override {
        endpoint::EndpointSettings settings;
        settings.client_key = "rpa_CLIENT";
        settings.worker_key = "worker";
        settings.rate_factor = 0;
        endpoint_ = std::make_unique<endpoint::Endpoint>(settings, endpoint_clock_, random_);
        http::ServerOptions options;
        options.spool_dir = folder_.path();
        server_ = std::make_unique<http::Server>(
            std::move(options), endpoint::all_routes(*endpoint_, endpoint_clock_), endpoint::respond_error);
        const auto port = server_->start();
        ASSERT_TRUE(port.ok()) << port.error().detail;
        settings_.base_url = "http://127.0.0.1:" + std::to_string(*port) + "/v2";
        settings_.endpoint_id = "ep-local";
        settings_.api_key = "rpa_CLIENT";
        settings_.version = "test";
        client_ = std::make_unique<RunpodClient>(settings_, http_, clock_, random_);
    }
    void TearDown() override { server_->stop(Milliseconds(0)); }

    void fault(const std::string& name, const std::string& when) {
        const auto set = endpoint_->change_faults({1, {{name, when}}});
        ASSERT_TRUE(set.ok()) << name << ": " << set.error().detail;
    }
    static SubmitRequest request() {
        SubmitRequest request;
        request.input_json = R"({"job_id":"1","n":1.50})";
        request.policy.ttl = Milliseconds(3'600'000);
        return request;
    }
    std::string run(RunpodClient& client) {
        const auto outcome = client.run(request());
        if (const auto* refused = std::get_if<RefusedForSure>(&outcome))
            return std::string(name_of(refused->kind));
        return std::holds_alternative<Submitted>(outcome) ? "submitted" : "ambiguous";
    }
    RemoteJobId submitted() {
        auto outcome = client_->run(request());
        EXPECT_TRUE(std::holds_alternative<Submitted>(outcome));
        return std::get<Submitted>(outcome).id;
    }
    std::int64_t queued() { return endpoint_->health().jobs.in_queue; }

    darkroom::testing::TempDir folder_;
    RealClock endpoint_clock_;
    RealClock clock_{RealClock::Waits::skipped};
    darkroom::testing::SeededRandom random_{1};
    http::CurlClient http_;
    std::unique_ptr<endpoint::Endpoint> endpoint_;
    std::unique_ptr<http::Server> server_;
    ClientSettings settings_;
    std::unique_ptr<RunpodClient> client_;
};

TEST_F(RunpodClientAgainstEndpoint, FollowsAJobFromSubmitToResult) {
    const auto id = submitted();
    EXPECT_EQ(client_->status(id)->state, JobState::in_queue);
    EXPECT_EQ(client_->health()->jobs.in_queue, 1);
    const auto taken = endpoint_->take("w1", "L4", 1);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0].input_json, request().input_json) << "as it was sent, digit for digit";
    EXPECT_EQ(client_->status(id)->state, JobState::in_progress);
    DoneReport report;
    report.output_json = R"({"files":[]})";
    (void)endpoint_->done("w1", id.str(), report, 12);
    const auto job = client_->status(id);
    ASSERT_TRUE(job.ok()) << job.error().detail;
    EXPECT_EQ(job->state, JobState::completed);
    EXPECT_EQ(job->output_json, R"({"files":[]})");
    EXPECT_EQ(job->worker_id, "w1");
}

TEST_F(RunpodClientAgainstEndpoint, CancelsPurgesAndRetries) {
    const auto first = submitted();
    (void)submitted();
    EXPECT_EQ(client_->cancel(first)->state, JobState::cancelled);
    EXPECT_EQ(*client_->purge(), 1);
    EXPECT_EQ(client_->cancel(*RemoteJobId::parse("nobody-u1")).error().kind, CallErrorKind::not_found);
    EXPECT_EQ(client_->status(*RemoteJobId::parse("nobody-u1")).error().kind, CallErrorKind::not_found);
    const auto failed = submitted();
    (void)endpoint_->take("w1", "L4", 1);
    DoneReport report;
    report.error = "boom";
    (void)endpoint_->done("w1", failed.str(), report, 4);
    EXPECT_EQ(client_->status(failed)->error, "boom");
    EXPECT_EQ(client_->retry(failed)->id, failed);
    EXPECT_EQ(client_->status(failed)->state, JobState::in_queue);
}

// The promise that a repeated submit rests on: what is refused for sure was not queued.
TEST_F(RunpodClientAgainstEndpoint, KnowsWhenNothingWasQueued) {
    struct Case {
        std::string name;
        std::string when;
        std::string_view outcome;
        int queued;
    };
    for (const auto& one :
         {Case{"run_401", "always", "auth", 0}, Case{"run_402", "always", "funds", 0},
          Case{"run_429", "always:30", "rate_limited", 0}, Case{"run_429", "always", "rate_limited", 0},
          Case{"drop_before_accept", "always", "ambiguous", 0},
          Case{"accept_then_drop", "always", "ambiguous", 1},
          Case{"5xx_before_accept", "always:503", "ambiguous", 0},
          Case{"5xx_after_accept", "always:500", "ambiguous", 1},
          Case{"5xx_after_accept", "always:524", "ambiguous", 1},
          Case{"accept_then_hang", "always", "ambiguous", 1},
          Case{"accept_then_garble", "always", "ambiguous", 1},
          Case{"any_html", "always:502", "ambiguous", 0}, Case{"any_hang", "always", "ambiguous", 0},
          Case{"any_drop", "always", "ambiguous", 0}}) {
        SCOPED_TRACE(one.name + " " + one.when);
        const bool hangs = one.name.find("hang") != std::string::npos;
        settings_.run_timeout = Milliseconds(hangs ? 1'500 : 30'000);
        RunpodClient client(settings_, http_, clock_, random_);
        (void)endpoint_->purge();
        fault(one.name, one.when);
        EXPECT_EQ(run(client), one.outcome);
        EXPECT_EQ(queued(), one.queued);
    }
}

TEST_F(RunpodClientAgainstEndpoint, KnowsThatNobodyListens) {
    server_->stop(Milliseconds(0));
    EXPECT_EQ(run(*client_), "unreachable");
    EXPECT_EQ(client_->status(*RemoteJobId::parse("a")).error().kind, CallErrorKind::unavailable);
    EXPECT_EQ(queued(), 0);
}

TEST_F(RunpodClientAgainstEndpoint, TellsAWrongKeyAndAWrongEndpoint) {
    client_->set_api_key("rpa_WRONG");
    EXPECT_EQ(run(*client_), "auth");
    client_->set_api_key("rpa_CLIENT");
    EXPECT_EQ(run(*client_), "submitted");
    settings_.endpoint_id = "ep-other";
    RunpodClient elsewhere(settings_, http_, clock_, random_);
    EXPECT_EQ(run(elsewhere), "not_found");
}

TEST_F(RunpodClientAgainstEndpoint, IsAnsweredInTheEndWhateverHappensToItsQuestions) {
    const auto id = submitted();
    for (const auto& [name, when] :
         std::vector<std::pair<std::string, std::string>>{{"status_5xx", "#1-4:500"},
                                                          {"status_5xx", "0.5:524"},
                                                          {"status_429", "#1-2:3"},
                                                          {"status_429", "#1-3"},
                                                          {"any_html", "#1-3"},
                                                          {"any_drop", "#1-4"},
                                                          {"any_drop", "0.5"}}) {
        SCOPED_TRACE(name);
        SCOPED_TRACE(when);
        fault(name, when);
        RunpodClient client(settings_, http_, clock_, random_);
        const auto job = client.status(id);
        ASSERT_TRUE(job.ok()) << job.error().detail;
        EXPECT_EQ(job->state, JobState::in_queue);
    }
    fault("status_unknown", "always");
    EXPECT_EQ(client_->status(id)->state, JobState::unknown);
    fault("cancel_drop", "#1");
    EXPECT_EQ(client_->cancel(id)->state, JobState::cancelled) << "asked again after the answer was lost";
}

TEST_F(RunpodClientAgainstEndpoint, LeavesAloneWhatAnswersErrorsOnly) {
    const auto id = submitted();
    settings_.call_deadline = Milliseconds(120'000);  // longer than the longest rest
    RunpodClient client(settings_, http_, clock_, random_);
    fault("status_5xx", "always");
    EXPECT_FALSE(client.status(id).ok());
    EXPECT_TRUE(client.is_circuit_open());
    EXPECT_EQ(run(client), "unreachable") << "not even sent";
    EXPECT_EQ(queued(), 1);
    fault("status_5xx", "never");
    EXPECT_TRUE(client.status(id).ok()) << "after the rest, which is waited for";
    EXPECT_FALSE(client.is_circuit_open());
    EXPECT_EQ(run(client), "submitted");
}

TEST_F(RunpodClientAgainstEndpoint, IsSafeToUseFromManyThreads) {
    fault("any_drop", "0.1");
    std::atomic<int> submitted{0};
    std::atomic<int> finished{0};
    std::vector<std::thread> threads;
    threads.reserve(6);
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 15; ++round) {
                auto outcome = client_->run(request());
                const auto* done = std::get_if<Submitted>(&outcome);
                if (done == nullptr) continue;
                ++submitted;
                if (client_->status(done->id).ok() && client_->cancel(done->id).ok()) ++finished;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_GT(submitted, 45);
    EXPECT_EQ(finished, submitted);
    EXPECT_EQ(queued(), 0) << "any_drop drops before anything is done";
}

}  // namespace
}  // namespace darkroom::runpod
