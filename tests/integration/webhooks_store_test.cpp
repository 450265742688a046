// Webhooks in front of a real database: what they keep is there after a crash, and what they answer about
// claims is what the database decided.
#include "store/sqlite/sqlite_job_store.h"
#include "tests/conformance/job_samples.h"
#include "tests/support/seeded_random.h"
#include "webhooks/webhooks_fixture.h"

namespace darkroom::webhooks::testing {
namespace {

class WebhooksWithStore : public WebhooksTest {
protected:
    WebhooksWithStore() { open(); }
    void open() {
        received.reset();
        database.reset();
        auto opened = store::SqliteJobStore::open((database_folder.path() / "darkroom.db").string(), random);
        DR_CHECK(opened.ok());
        database = *std::move(opened);
        // As every start does: what the process before held is this one's from now on.
        DR_CHECK(database->take_over(100).ok());
        received.emplace(*database, clock, WebhookSettings{attempt_secret, {secret_of(new_secret_text)}});
    }
    /// One more attempt that is meant for another machine.
    AttemptId new_attempt() {
        auto job = samples.job(conformance::user("ann"), 0, "serverless");
        job.uploads.clear();
        job.job.created_at = clock.now();
        DR_CHECK(database->create_job(job).ok());
        ports::ClaimRequest request;
        request.backend = "serverless";
        request.endpoint = "eu";
        request.inflight_max = 100;
        request.jobs_max = 1;
        request.now = clock.now();
        request.remote = ports::RemotePlan{"there", clock.now(), clock.now() + Milliseconds(600'000)};
        const auto claimed = database->claim(request).value();
        DR_CHECK(claimed.size() == 1);
        job_id = claimed.front().job.id;
        return claimed.front().job.attempts.back().id;
    }
    static std::string token_of(const AttemptId& attempt) {
        return core::attempt_token(attempt, attempt_secret);
    }
    Told complete_with(const AttemptId& attempt, const std::string& body) {
        return send_to(*received, "/api/v1/webhooks/runpod-completion", {{"token", token_of(attempt)}}, {},
                       body);
    }
    int claim_as(const AttemptId& attempt, const std::string& remote_id) {
        const auto claim = runpod::write_work_claim(
            {token_of(attempt), runpod::RemoteJobId::parse(remote_id).value(), "worker-1"});
        return send_to(*received, "/api/v1/webhooks/runpod/claims", {}, {}, claim).status;
    }

    darkroom::testing::TempDir database_folder;
    darkroom::testing::SeededRandom random{7};
    conformance::Samples samples{random};
    std::unique_ptr<store::SqliteJobStore> database;
    std::optional<Webhooks> received;
    JobId job_id;
};

TEST_F(WebhooksWithStore, KeepAHintAcrossACrash) {
    const auto attempt = new_attempt();
    const std::string body =
        R"({"id":"abc-u1","status":"COMPLETED","output":")" + std::string("\xc3\xa4") + "\"}";
    ASSERT_EQ(complete_with(attempt, body).status, 200);
    ASSERT_EQ(complete_with(attempt, std::string("\0\xff", 2)).status, 200);
    ASSERT_EQ(complete_with(attempt, "").status, 200);
    open();
    const auto inbox = database->list_inbox(10).value();
    ASSERT_EQ(inbox.size(), 3u);
    EXPECT_EQ(inbox[0].attempt, attempt);
    EXPECT_EQ(inbox[0].remote_id, "abc-u1");
    EXPECT_TRUE(inbox[0].tells_success);
    EXPECT_EQ(inbox[0].body, body);
    EXPECT_EQ(inbox[0].digest, sha256(body));
    EXPECT_EQ(inbox[1].body, std::string("\0\xff", 2));
    EXPECT_EQ(inbox[2].body, "");
}

TEST_F(WebhooksWithStore, KeepAReplayedCallbackOnceEvenAcrossACrash) {
    const auto attempt = new_attempt();
    runpod::WorkCallback callback;
    callback.job_id = job_id.str();
    callback.attempt_token = token_of(attempt);
    callback.remote_id = runpod::RemoteJobId::parse("abc-u1").value();
    callback.worker_id = "worker-1";
    callback.failure = runpod::WorkFailure{"internal", ""};
    const auto body = runpod::write_work_callback(callback);
    const auto headers = runpod::standard_headers(secret_of(new_secret_text), "msg_1", clock.now(), body);
    const auto send_it = [&] {
        return send_to(*received, "/webhooks/runpod", {},
                       {{"webhook-id", headers.id},
                        {"webhook-timestamp", headers.timestamp},
                        {"webhook-signature", headers.signature}},
                       body)
            .status;
    };
    EXPECT_EQ(send_it(), 200);
    EXPECT_EQ(send_it(), 200);
    open();
    EXPECT_EQ(send_it(), 200);
    EXPECT_EQ(database->list_inbox(10).value().size(), 1u);
}

TEST_F(WebhooksWithStore, GiveAnAttemptToOneRemoteJob) {
    const auto attempt = new_attempt();
    EXPECT_EQ(claim_as(attempt, "first-u1"), 200);
    EXPECT_EQ(claim_as(attempt, "first-u1"), 200);
    EXPECT_EQ(claim_as(attempt, "second-u1"), 409);
    EXPECT_EQ(claim_as(samples.unknown_attempt(), "third-u1"), 404);
    ASSERT_TRUE(database->cancel_job(ports::Access::everyone(), job_id, "key:ann", clock.now()).ok());
    EXPECT_EQ(claim_as(attempt, "first-u1"), 410);
}

TEST_F(WebhooksWithStore, FindTheAttemptOfAWebhookWithoutAToken) {
    const auto attempt = new_attempt();
    const std::string body = R"({"id":"abc-u1","status":"COMPLETED"})";
    const std::string path = "/webhooks/runpod-completion";
    EXPECT_EQ(send_to(*received, path, {}, {}, body).status, 200);
    EXPECT_EQ(database->list_inbox(10).value().size(), 0u);
    ASSERT_TRUE(database->note_submitted({attempt, 1}, "abc-u1", clock.now()).ok());
    EXPECT_EQ(send_to(*received, path, {}, {}, body).status, 200);
    EXPECT_EQ(send_to(*received, path, {}, {}, body).status, 200);
    const auto inbox = database->list_inbox(10).value();
    ASSERT_EQ(inbox.size(), 1u);
    EXPECT_EQ(inbox[0].attempt, attempt);
}

TEST_F(WebhooksWithStore, KeepAHintForAnAttemptThatIsForgotten) {
    EXPECT_EQ(complete_with(samples.unknown_attempt(), R"({"id":"abc-u1","status":"COMPLETED"})").status,
              200);
    EXPECT_EQ(database->list_inbox(10).value().size(), 1u);
}

}  // namespace
}  // namespace darkroom::webhooks::testing
