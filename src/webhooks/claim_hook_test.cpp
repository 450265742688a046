#include "webhooks/claim_hook.h"

#include "webhooks/webhooks_fixture.h"

namespace darkroom::webhooks::testing {
namespace {

class ClaimHook : public WebhooksTest {
protected:
    static std::string claim_of(const std::string& attempt_token) {
        return runpod::write_work_claim({.attempt_token = attempt_token,
                                         .remote_id = runpod::RemoteJobId::parse("abc-u1").value(),
                                         .worker_id = "worker-1"});
    }
};

TEST_F(ClaimHook, TellsTheWorkerWhatTheStoreDecides) {
    const auto answer = [this](ports::ClaimAnswer decided) {
        store.claim_answer = decided;
        const auto told = claim(claim_of(token(1)));
        return std::to_string(told.status) + " " + told.body;
    };
    EXPECT_EQ(answer(ports::ClaimAnswer::granted), R"(200 {"ok":true})");
    EXPECT_EQ(answer(ports::ClaimAnswer::taken), R"(409 {"claim":"taken"})");
    EXPECT_EQ(answer(ports::ClaimAnswer::unwanted), R"(410 {"claim":"unwanted"})");
    EXPECT_TRUE(answer(ports::ClaimAnswer::unknown).starts_with("404 "));
    ASSERT_EQ(store.claims.size(), 4u);
    EXPECT_EQ(store.claims[0], attempt_number(1).str() + " abc-u1 worker-1");
}

TEST_F(ClaimHook, AnswersAForgedTokenLikeAnUnknownAttempt) {
    store.claim_answer = ports::ClaimAnswer::unknown;
    const auto unknown = claim(claim_of(token(1)));
    EXPECT_EQ(store.touches, 1);
    const auto forged = claim(claim_of(core::attempt_token(attempt_number(1), "another secret")));
    EXPECT_EQ(forged.status, 404);
    EXPECT_EQ(forged.body, unknown.body);
    EXPECT_EQ(store.touches, 1);
    EXPECT_EQ(hooks.count_of(Heard::forged_token), 1);
}

TEST_F(ClaimHook, RefusesWhatIsNoClaimWithoutATouchOfTheStore) {
    const auto good = claim_of(token(1));
    for (const auto& body : {std::string(), std::string("{"), std::string("null"), std::string("{}"),
                             good.substr(1), good + good, std::string(4'000, '['),
                             R"({"attempt_token":")" + token(1) + R"(","remote_id":"../x","worker_id":"w"})",
                             R"({"attempt_token":")" + token(1) + R"(","remote_id":"a"})"})
        EXPECT_EQ(claim(body).status, 400) << body.substr(0, 60);
    EXPECT_EQ(claim(good + std::string(4'096, ' ')).status, 413);
    EXPECT_EQ(store.touches, 0);
}

TEST_F(ClaimHook, AsksToComeAgainWhileTheStoreIsDown) {
    store.down = true;
    EXPECT_EQ(claim(claim_of(token(1))).status, 503);
}

}  // namespace
}  // namespace darkroom::webhooks::testing
