// What anybody can send to the gateway's webhook addresses. Nothing of it may change a job; what is right in
// every respect may only make the gateway look sooner.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "runpod/protocol/callback_signature.h"
#include "tests/e2e/pictures.h"
#include "tests/serverless/world.h"

namespace darkroom::e2e {
namespace {

constexpr const char* completion = "/webhooks/runpod-completion";
constexpr const char* callback = "/webhooks/runpod";

/// A job that waits at the endpoint, because there is no worker, and what is secret about it.
class ForgedWebhooks : public ::testing::Test {
protected:
    ForgedWebhooks() : world_({.workers = 0}) {
        id_ = world_.client().create_with("bg_remove", disc_png(96, 64));
        EXPECT_TRUE(eventually([&] { return !remote_id().empty(); }));
        for (const auto& entry : world_.journal()) {
            if (entry.what == "submit") attempt_ = entry.attempt;
        }
        token_ = token_in_journal();
    }

    std::string remote_id() {
        const auto all = world_.remote_jobs();
        return all.empty() ? "" : text_at(all[0], "/remote_id");
    }
    std::string token_in_journal() {
        const auto text = world_.endpoint().journal();
        const std::string before = "token=";
        const auto at = text.find(before);
        if (at == std::string::npos) return "";
        return text.substr(at + before.size(), 54);
    }
    Reply post(const std::string& target, const std::string& body, ports::HttpFields headers = {}) {
        return world_.client().post(target, body, std::move(headers));
    }
    void expect_still_waiting() {
        const auto job = world_.client().job(id_);
        EXPECT_TRUE(text_at(job, "/status") == "DISPATCHED" || text_at(job, "/status") == "RUNNING") << job;
        EXPECT_TRUE(items_at(job, "/outputs").empty());
        EXPECT_EQ(world_.remote_jobs().size(), 1u);
    }
    std::string success_with(const std::string& key) {
        return R"({"files":[{"role":"main","key":")" + key + R"(","content_type":"image/png"}]})";
    }
    /// A worker's callback that has the picture at `key`.
    std::string success_callback(const std::string& attempt, const std::string& token,
                                 const std::string& key) {
        return R"({"job_id":")" + id_ + R"(","attempt":")" + attempt + R"(","attempt_token":")" + token +
               R"(","remote_id":")" + remote_id() + R"(","worker_id":"w","status":"COMPLETED","result":)" +
               success_with(key) + "}";
    }

    World world_;
    std::string id_;
    std::string attempt_;
    std::string token_;
};

TEST_F(ForgedWebhooks, WithoutOrWithAWrongTokenNothingIsBelieved) {
    ASSERT_EQ(token_.size(), 54u);
    const auto body = webhook_body(remote_id(), "COMPLETED", success_with("uploaded/x.png"));
    auto wrong = token_;
    wrong[20] = wrong[20] == 'A' ? 'B' : 'A';
    EXPECT_EQ(post(std::string(completion) + "?token=" + wrong, body).status, 404);
    EXPECT_EQ(post(std::string(completion) + "?token=", body).status, 404);
    EXPECT_EQ(post(std::string(completion) + "?token=" + std::string(4'000, 'A'), body).status, 404);
    EXPECT_EQ(post(completion, body).status, 200) << "a hint, no more";
    expect_still_waiting();
}

TEST_F(ForgedWebhooks, ARightTokenOnlyMakesTheGatewayLook) {
    const auto target = std::string(completion) + "?token=" + token_;
    EXPECT_EQ(post(target, webhook_body(remote_id(), "COMPLETED", success_with("outputs/../x.png"))).status,
              200);
    EXPECT_EQ(post(target, webhook_body("0b6f2f5e-1c55-4d0a-9a52-6e2d3a0f9c11-u1", "COMPLETED")).status, 200);
    EXPECT_EQ(post(target, webhook_body(remote_id(), "FAILED")).status, 200);
    EXPECT_EQ(post(target, "{\"id\":").status, 200);
    EXPECT_EQ(post(target, "").status, 200);
    EXPECT_EQ(post(target, std::string(1u << 20, '[')).status, 200);
    world_.start_worker();
    const auto job = world_.client().ended_job(id_);
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << "and in the end the truth is what counts";
    EXPECT_EQ(number_at(job, "/attempt_count"), 1);
}

TEST_F(ForgedWebhooks, ACallbackCountsOnlyWithTheSecret) {
    const auto body = R"({"job_id":")" + id_ + R"(","attempt":")" + attempt_ + R"(","attempt_token":")" +
                      token_ + R"(","remote_id":")" + remote_id() +
                      R"(","worker_id":"w","status":"FAILED",)" +
                      R"("error":{"code":"no_subject","message":"forged"}})";
    const auto wrong = *runpod::CallbackSecret::parse("another-secret-0123456789");
    for (const auto& headers :
         {ports::HttpFields{}, ports::HttpFields{{"X-Signature", ""}},
          ports::HttpFields{{"X-Signature", runpod::x_signature(wrong, body)}},
          ports::HttpFields{{"X-Signature", runpod::x_signature(wrong, body)}, {"X-Signature", "again"}}}) {
        const auto reply = post(callback, body, headers);
        EXPECT_EQ(reply.status, 401);
        EXPECT_EQ(reply.body(), "Invalid signature");
    }
    expect_still_waiting();
}

TEST_F(ForgedWebhooks, ACallbackWithTheSecretCannotSpeakForAnotherAttempt) {
    const auto secret = *runpod::CallbackSecret::parse(world_.secret());
    const auto of_another = std::string("11111111-2222-4333-8444-555555555555");
    const auto own_picture = "restored/" + id_ + "/" + attempt_ + ".png";
    for (const auto& [attempt, token] :
         {std::pair{of_another, token_}, std::pair{attempt_, std::string(54, 'A')}}) {
        const auto body = success_callback(attempt, token, own_picture);
        (void)post(callback, body, {{"X-Signature", runpod::x_signature(secret, body)}});
    }
    const auto claim = R"({"attempt_token":")" + std::string(54, 'A') + R"(","remote_id":")" + remote_id() +
                       R"(","worker_id":"w"})";
    EXPECT_EQ(post("/webhooks/runpod/claims", claim).status, 404);
    expect_still_waiting();
}

TEST_F(ForgedWebhooks, ASignedCallbackCannotNameFilesOutsideItsAttempt) {
    const auto secret = *runpod::CallbackSecret::parse(world_.secret());
    const auto input = text_at(world_.client().job(id_), "/inputs/0/sha256");
    for (const std::string key :
         {"uploaded/11111111-2222-4333-8444-555555555555.png", "outputs/../../etc/passwd",
          "outputs/11111111-2222-4333-8444-555555555555/11111111-2222-4333-8444-555555555555/main.png",
          "/etc/passwd", "outputs/%2e%2e/%2e%2e/x.png"}) {
        const auto body = success_callback(attempt_, token_, key);
        const auto reply = post(callback, body, {{"X-Signature", runpod::x_signature(secret, body)}});
        EXPECT_TRUE(reply.status == 200 || reply.status == 400) << reply.status;
    }
    world_.start_worker();
    const auto job = world_.client().ended_job(id_);
    for (const auto& output : items_at(job, "/outputs"))
        EXPECT_NE(text_at(output, "/sha256"), input) << "somebody else's file was taken for the result";
}

}  // namespace
}  // namespace darkroom::e2e
