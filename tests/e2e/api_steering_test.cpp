// Jobs that are cancelled, retried, interrupted, killed in the middle: each ends once and says how.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

std::vector<std::string> kinds_of(const std::vector<boost::json::value>& events) {
    std::vector<std::string> kinds;
    kinds.reserve(events.size());
    for (const auto& event : events) kinds.push_back(text_at(event, "/kind"));
    return kinds;
}

/// A server whose one pixel process is stopped in its tracks: the next job is taken, and never done.
class ApiSteering : public ::testing::Test {
protected:
    explicit ApiSteering(Settings settings = {}) : server(with_one_worker(std::move(settings))) {
        upload = client.upload(disc_png(48, 48));
        const auto warm_up = client.ended_job(client.create("jpeg_to_png", "{}", upload));
        EXPECT_EQ(text_at(warm_up, "/status"), "SUCCEEDED") << warm_up;
        server.freeze_workers();
    }
    std::string create() { return client.create("jpeg_to_png", "{}", upload); }
    /// A worker that had begun is killed by it; one that the job had not reached yet is let go on.
    Reply cancel(const std::string& job) {
        auto reply = client.post("/api/v1/jobs/" + job + "/cancel");
        server.thaw_workers();
        return reply;
    }

    ServerProcess server;
    ApiClient client = server.client();
    std::string upload;

private:
    static Settings with_one_worker(Settings settings) {
        settings["MAX_INFLIGHT"] = "1";
        return settings;
    }
};

TEST_F(ApiSteering, AQueuedJobIsCancelledAndNeverRuns) {
    const auto in_work = create();
    (void)client.job_in(in_work, "RUNNING");
    const auto waiting = create();
    const auto reply = client.post("/api/v1/jobs/" + waiting + "/cancel");
    ASSERT_EQ(reply.status, 200) << reply.body();
    EXPECT_EQ(text_at(reply.json(), "/status"), "CANCELLED");
    EXPECT_EQ(number_at(reply.json(), "/attempt_count"), 0);
    EXPECT_EQ(kinds_of(client.events(waiting)), (std::vector<std::string>{"created", "cancel"}));
    EXPECT_EQ(cancel(in_work).status, 200);
    EXPECT_TRUE(eventually([&] {
        return number_at(client.post("/api/v1/dispatcher").json(), "/inflight") == 0;
    })) << "the slot of a cancelled job was not freed";
    expect_nothing_left(server);
}

TEST_F(ApiSteering, ARunningJobIsCancelledAndItsSlotServesTheNext) {
    const auto in_work = create();
    EXPECT_EQ(text_at(client.job_in(in_work, "RUNNING"), "/status"), "RUNNING");
    const auto reply = cancel(in_work);
    ASSERT_EQ(reply.status, 200) << reply.body();
    EXPECT_EQ(text_at(reply.json(), "/status"), "CANCELLED");
    EXPECT_EQ(text_at(reply.json(), "/attempts/0/status"), "CANCELLED");
    const auto next = client.ended_job(create());
    EXPECT_EQ(text_at(next, "/status"), "SUCCEEDED") << next;
    const auto still = client.job(in_work);
    EXPECT_EQ(text_at(still, "/status"), "CANCELLED");
    EXPECT_TRUE(items_at(still, "/outputs").empty());
    expect_nothing_left(server);
}

TEST_F(ApiSteering, CancellingTwiceIsTheSameAsOnce) {
    const auto job = create();
    (void)client.job_in(job, "RUNNING");
    EXPECT_EQ(cancel(job).status, 200);
    const auto again = cancel(job);
    EXPECT_EQ(again.status, 200) << again.body();
    EXPECT_EQ(text_at(again.json(), "/status"), "CANCELLED");
    const auto kinds = kinds_of(client.events(job));
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "cancel"), 1);
}

TEST_F(ApiSteering, ACancelledJobCanBeBroughtBack) {
    const auto job = create();
    (void)client.job_in(job, "RUNNING");
    ASSERT_EQ(cancel(job).status, 200);
    const auto retried = client.post("/api/v1/jobs/" + job + "/retry");
    ASSERT_EQ(retried.status, 202) << retried.body();
    EXPECT_EQ(text_at(retried.json(), "/error"), "");
    const auto done = client.ended_job(job);
    EXPECT_EQ(text_at(done, "/status"), "SUCCEEDED") << done;
    EXPECT_EQ(number_at(done, "/attempt_count"), 2);
    EXPECT_EQ(text_at(done, "/selected_attempt_id"), text_at(done, "/attempts/1/id"));
}

// SIGKILL is what the kernel's out-of-memory killer sends. A worker that dies before the picture has reached
// it costs nothing at all, and from outside nobody can tell when that is.
TEST_F(ApiSteering, AWorkerThatTheKernelKillsCostsAtMostOneAttemptAndNeverTheJob) {
    const auto job = create();
    (void)client.job_in(job, "RUNNING");
    EXPECT_TRUE(eventually([&] { return !files_under(server.data_dir() / "work").empty(); }));
    for (const auto worker : server.descendants()) ::kill(worker, SIGKILL);
    const auto done = client.ended_job(job);
    EXPECT_EQ(text_at(done, "/status"), "SUCCEEDED") << done;
    const auto attempts = items_at(done, "/attempts");
    EXPECT_LE(attempts.size(), 2u);
    if (attempts.size() == 2) {
        EXPECT_EQ(text_at(attempts[0], "/error/code"), "worker_oom");
    }
    expect_nothing_left(server);
}

TEST_F(ApiSteering, AJobInWorkIsTakenUpByTheNextServer) {
    const auto killed = create();
    (void)client.job_in(killed, "RUNNING");
    server.kill9();
    server.start();
    const auto done = server.client().ended_job(killed);
    EXPECT_EQ(text_at(done, "/status"), "SUCCEEDED") << done;
    EXPECT_EQ(text_at(done, "/attempts/0/error/code"), "interrupted");
    expect_nothing_left(server);
}

TEST_F(ApiSteering, StoppingInterruptsWorkAndTheNextServerDoesIt) {
    const auto job = create();
    (void)client.job_in(job, "RUNNING");
    EXPECT_EQ(server.terminate().code, 0);
    EXPECT_TRUE(files_under(server.data_dir() / "work").empty());
    server.start();
    const auto done = server.client().ended_job(job);
    EXPECT_EQ(text_at(done, "/status"), "SUCCEEDED") << done;
    expect_nothing_left(server);
}

class ApiTimeLimit : public ApiSteering {
protected:
    // What a busy machine does not need to start a pixel process and have it do the job.
    ApiTimeLimit() : ApiSteering({{"DARKROOM_RUN_TIMEOUT_S", "8"}}) {}
};

TEST_F(ApiTimeLimit, WorkThatTakesTooLongIsKilledAndTriedOnceMore) {
    const auto done = client.ended_job(create());
    EXPECT_EQ(text_at(done, "/status"), "SUCCEEDED") << done;
    EXPECT_EQ(text_at(done, "/attempts/0/error/code"), "timeout");
    EXPECT_EQ(number_at(done, "/attempt_count"), 2);
    expect_nothing_left(server);
}

TEST(ApiEndings, WhatHasEndedCannotBeCancelledOrRetried) {
    const ServerProcess server;
    const auto client = server.client();
    const auto id = client.create_with("jpeg_to_png", disc_png(32, 32));
    (void)client.ended_job(id);
    const auto cancelled = client.post("/api/v1/jobs/" + id + "/cancel");
    expect_problem(cancelled, 409, "already_terminal");
    EXPECT_EQ(text_at(cancelled.json(), "/job_status"), "SUCCEEDED");
    const auto retried = client.post("/api/v1/jobs/" + id + "/retry");
    expect_problem(retried, 409, "not_retryable");
    const std::string nobody = "/api/v1/jobs/00000000-0000-4000-8000-000000000000";
    for (const std::string action : {"", "/cancel", "/retry", "/events"}) {
        const auto reply = action.empty() || action == "/events" ? client.get(nobody + action)
                                                                 : client.post(nobody + action);
        expect_problem(reply, 404, "not_found");
    }
}

// The picture's header is honest and its pixels are not, so the job itself fails, every time.
TEST(ApiEndings, AFailedJobCanBeRetriedAndFailsAgainWithTheSameCode) {
    const ServerProcess server;
    const auto client = server.client();
    const auto id = client.create_with("jpeg_to_png", damaged(shot(".jpg", 256), 700, 6'000));
    const auto failed = client.ended_job(id);
    ASSERT_EQ(text_at(failed, "/status"), "FAILED") << failed;
    EXPECT_EQ(text_at(failed, "/error/code"), "input_unreadable");
    EXPECT_EQ(number_at(failed, "/attempt_count"), 1) << "the same bytes fail again: nothing to retry";
    const auto retried = client.post("/api/v1/jobs/" + id + "/retry");
    ASSERT_EQ(retried.status, 202) << retried.body();
    EXPECT_EQ(retried.json().at("error"), nullptr);
    const auto again = client.ended_job(id);
    EXPECT_EQ(text_at(again, "/status"), "FAILED");
    EXPECT_EQ(number_at(again, "/attempt_count"), 2);
    EXPECT_EQ(kinds_of(client.events(id)),
              (std::vector<std::string>{"created", "claim", "start", "give_up", "requeue", "claim", "start",
                                        "give_up"}));
    expect_nothing_left(server);
}

}  // namespace
}  // namespace darkroom::e2e
