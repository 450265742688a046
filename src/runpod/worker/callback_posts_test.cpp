#include "runpod/worker/callback_posts.h"

#include <gmock/gmock.h>

#include <thread>

#include "runpod/worker/worker_fixture.h"

namespace darkroom::runpod::worker {
namespace {

const std::string hook = "http://gateway.test/hook";

std::optional<std::string> header(const OutgoingRequest& request, const std::string& name) {
    for (const auto& [key, value] : request.headers) {
        if (key == name) return value;
    }
    return std::nullopt;
}

class CallbackPostsTest : public ::testing::Test {
protected:
    /// Sends one callback and returns when it has been delivered or given up.
    void send(const std::string& authorization = "") {
        CallbackPosts posts(world_.settings, world_.limits, world_.web, world_.clock, world_.random);
        posts.send({remote("a-u1"), hook, authorization, R"({"job_id":"j"})"});
        posts.finish(world_.clock.monotonic() + std::chrono::hours(1));
        posts.run();
    }
    std::vector<OutgoingRequest> sent() const { return world_.web.requests(hook); }
    Result<VerifiedCallback, SignatureError> verify(const OutgoingRequest& request) const {
        CallbackProof proof;
        proof.x_signature = header(request, "X-Signature");
        proof.id = header(request, "webhook-id");
        proof.timestamp = header(request, "webhook-timestamp");
        proof.signature = header(request, "webhook-signature");
        return verify_callback({*world_.settings.callback_secret}, proof, request.body, world_.clock.now());
    }

    WorkerWorld world_;
};

TEST_F(CallbackPostsTest, IsSignedInBothFormsOverItsVeryBytes) {
    world_.web.on(hook, {answer(200)});
    send("Bearer of the payload");
    ASSERT_EQ(sent().size(), 1U);
    EXPECT_TRUE(verify(sent()[0]).ok());
    EXPECT_EQ(header(sent()[0], "X-Signature"),
              x_signature(*world_.settings.callback_secret, R"({"job_id":"j"})"));
    EXPECT_EQ(header(sent()[0], "Authorization"), "Bearer of the payload");
}

TEST_F(CallbackPostsTest, ComesAgainWithTheSameIdUntilItIsTaken) {
    world_.web.on(hook, {answer(503), failure(FetchError::interrupted), answer(429), answer(204)});
    send();
    ASSERT_EQ(sent().size(), 4U);
    for (const auto& request : sent()) {
        EXPECT_TRUE(verify(request).ok());
        EXPECT_EQ(header(request, "webhook-id"), header(sent()[0], "webhook-id"));
    }
}

TEST_F(CallbackPostsTest, ARefusalIsFinal) {
    world_.web.on(hook, {answer(401)});
    send();
    EXPECT_EQ(sent().size(), 1U);
}

TEST_F(CallbackPostsTest, GivesUpAfterTenMinutes) {
    world_.web.on(hook, {answer(500)});
    send();
    Milliseconds waited{0};
    for (const auto wait : world_.clock.skipped_waits()) waited += wait;
    EXPECT_GT(waited, Milliseconds(540'000));
    EXPECT_LE(waited, Milliseconds(600'000));
}

TEST_F(CallbackPostsTest, WithoutSecretOrAuthorizationNobodyIsTold) {
    world_.settings.callback_secret.reset();
    send();
    EXPECT_TRUE(sent().empty());
    world_.web.on(hook, {answer(200)});
    send("a key of the app");
    ASSERT_EQ(sent().size(), 1U) << "who gave an authorization believes that";
    EXPECT_FALSE(header(sent()[0], "X-Signature"));
}

TEST_F(CallbackPostsTest, ItsThreadEndsWhileAGatewaySaysNothing) {
    world_.web.on(hook, hold);
    CallbackPosts posts(world_.settings, world_.limits, world_.web, world_.clock, world_.random);
    posts.send({remote("a-u1"), hook, "", "{}"});
    std::thread thread([&] { posts.run(); });
    EXPECT_TRUE(world_.web.wait_for(hook, 1));
    posts.stop();
    thread.join();
}

}  // namespace
}  // namespace darkroom::runpod::worker
