#include "cli/gateway_client.h"

#include <gmock/gmock.h>

#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::failure;
using fakes::json_answer;
using fakes::problem_answer;
using ports::FetchError;
using ports::HttpMethod;
using testing::ElementsAre;
using testing::HasSubstr;

class GatewayClientTest : public testing::Test {
protected:
    using Handler = fakes::Handler;

    fakes::ScriptedHttp http;
    fakes::JumpingClock clock;
    fakes::SeededRandom random{7};
    Stop stop{clock};
    std::vector<std::string> troubles;
    GatewayClient client{http, clock, random, stop, {"http://gw:1", "dk_key"}, {}, [this](const auto& text) {
                             troubles.push_back(text);
                         }};

    void answer(Handler handler, int times = -1) {
        http.on(HttpMethod::get, "/x", std::move(handler), times);
    }
    Result<boost::json::value, CallFailure> get(bool repeat_is_safe = true) {
        Call call;
        call.path = "/x";
        call.repeat_is_safe = repeat_is_safe;
        return client.call(call);
    }
    static Handler always(int status, const std::string& body, const ports::HttpFields& headers = {}) {
        return [=](const auto&) -> Answer { return json_answer(status, body, headers); };
    }
    static Handler always(FetchError kind) {
        return [=](const auto&) -> Answer { return Fail(failure(kind)); };
    }
    std::size_t tries() const { return http.seen().size(); }
};

TEST_F(GatewayClientTest, TheKeyTravelsInAHeaderOnly) {
    answer(always(200, "{}"));
    ASSERT_TRUE(get());
    EXPECT_EQ(http.seen()[0].header("authorization"), "Bearer dk_key");
    EXPECT_EQ(http.seen()[0].url, "http://gw:1/x");
}

TEST_F(GatewayClientTest, SignedLinksAreUsedWithoutTheKey) {
    http.on(HttpMethod::get, "bucket.example", always(200, ""));
    ASSERT_TRUE(client.download("https://bucket.example/a?sig=1", 0, [](auto) { return true; }));
    EXPECT_EQ(http.seen()[0].header("Authorization"), "");
    EXPECT_FALSE(client.download("file:///etc/passwd", 0, [](auto) { return true; }));
    EXPECT_EQ(tries(), 1u);
}

TEST_F(GatewayClientTest, ARefusalOfTheStorageIsNotBlamedOnTheKey) {
    http.on(HttpMethod::get, "bucket.example",
            always(403, "<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>"));
    const auto refused = client.download("https://bucket.example:9/a?X-Sig=1", 0, [](auto) { return true; });
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().by_storage);
    EXPECT_EQ(refused.error().sentence(),
              "the storage at https://bucket.example:9 answered HTTP 403 (SignatureDoesNotMatch)");
    EXPECT_EQ(refused.error().exit_code(), ExitCode::failed);
    http.on(HttpMethod::get, "http://gw:1/f", always(403, ""));
    const auto by_gateway = client.download("/f", 0, [](auto) { return true; });
    ASSERT_FALSE(by_gateway);
    EXPECT_FALSE(by_gateway.error().by_storage);
    EXPECT_EQ(by_gateway.error().exit_code(), ExitCode::not_authorised);
}

TEST_F(GatewayClientTest, TroubleIsToldWithoutADoubleStop) {
    answer(always(200, "{}"));
    answer([](const auto&) -> Answer { return problem_answer(503, "storage_unavailable", "It is away."); },
           1);
    ASSERT_TRUE(get());
    EXPECT_THAT(troubles, ElementsAre("It is away; trying again"));
}

TEST_F(GatewayClientTest, AServerThatNeverAnsweredIsGivenUpSoon) {
    answer(always(FetchError::unreachable));
    const auto begin = clock.monotonic();
    const auto result = get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().exit_code(), ExitCode::unreachable);
    EXPECT_EQ(result.error().sentence(), "no connection: http://gw:1 (as scripted)");
    EXPECT_EQ(tries(), 4u);
    EXPECT_LT(clock.monotonic() - begin, std::chrono::seconds(3));
    EXPECT_THAT(troubles, ElementsAre("no connection: http://gw:1 (as scripted); trying again"))
        << "told once";
}

TEST_F(GatewayClientTest, ARestartOfAServerIsOutlasted) {
    answer(always(200, "{}"));
    answer(always(FetchError::unreachable), 12);
    answer(always(200, "{}"), 1);
    ASSERT_TRUE(get());
    EXPECT_TRUE(get());
    EXPECT_EQ(tries(), 14u);
}

TEST_F(GatewayClientTest, ButNotForEver) {
    answer(always(FetchError::unreachable));
    answer(always(200, "{}"), 1);
    ASSERT_TRUE(get());
    const auto begin = clock.monotonic();
    EXPECT_FALSE(get());
    EXPECT_LE(clock.monotonic() - begin, std::chrono::seconds(60));
    EXPECT_GT(clock.monotonic() - begin, std::chrono::seconds(50));
}

TEST_F(GatewayClientTest, RetryAfterIsHonoured) {
    answer(always(200, R"({"ok":true})"));
    answer(always(503, "", {{"retry-after", "7"}}), 1);
    const auto begin = clock.monotonic();
    ASSERT_TRUE(get());
    EXPECT_GE(clock.monotonic() - begin, std::chrono::seconds(7));
    EXPECT_LT(clock.monotonic() - begin, std::chrono::seconds(8));
}

TEST_F(GatewayClientTest, AServerThatAsksForHoursIsNotWaitedFor) {
    answer(always(503, "", {{"Retry-After", "3600"}}));
    const auto result = get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().exit_code(), ExitCode::unreachable);
    EXPECT_EQ(tries(), 1u);
}

TEST_F(GatewayClientTest, OddRetryAfterValuesFallBackToOurOwnPauses) {
    answer(always(200, "{}"));
    for (const auto* value : {"-1", "soon", "", "1.5", "99999999999999999999"})
        answer(always(503, "", {{"Retry-After", value}}), 1);
    const auto begin = clock.monotonic();
    EXPECT_TRUE(get()) << "the client was answered all along, so it goes on";
    EXPECT_LT(clock.monotonic() - begin, std::chrono::seconds(20));
}

TEST_F(GatewayClientTest, WhatMayHaveBeenDoneIsNotDoneTwice) {
    answer(always(FetchError::interrupted));
    EXPECT_FALSE(get(false));
    EXPECT_EQ(tries(), 1u);
    EXPECT_FALSE(get(true));
    EXPECT_EQ(tries(), 5u);
}

TEST_F(GatewayClientTest, WhatCertainlyWasNotReceivedIsSentAgain) {
    answer(always(200, "{}"));
    answer(always(FetchError::unreachable), 2);
    EXPECT_TRUE(get(false));
    EXPECT_EQ(tries(), 3u);
}

TEST_F(GatewayClientTest, ARefusalIsFinal) {
    answer([](const auto&) -> Answer { return problem_answer(422, "validation_failed", "no"); });
    const auto result = get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().sentence(), "no");
    EXPECT_EQ(tries(), 1u);
}

TEST_F(GatewayClientTest, ABrokenDatabaseIsNotWaitedFor) {
    answer(always(503,
                  R"({"code":"store_broken","detail":"The database needs an operator.","retryable":false})"));
    EXPECT_FALSE(get());
    EXPECT_EQ(tries(), 1u);
}

TEST_F(GatewayClientTest, AnEarlierRequestWithTheSameKeyIsWaitedFor) {
    answer(always(201, "{}"));
    answer([](const auto&) -> Answer { return problem_answer(409, "idempotency_in_progress", "wait"); }, 2);
    EXPECT_TRUE(get());
    EXPECT_EQ(tries(), 3u);
}

TEST_F(GatewayClientTest, StopEndsThePauses) {
    answer([this](const auto&) -> Answer {
        stop.ask();
        return Fail(failure(FetchError::unreachable));
    });
    const auto begin = clock.monotonic();
    const auto result = get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, CallFailure::Kind::stopped);
    EXPECT_EQ(clock.monotonic(), begin);
    EXPECT_EQ(tries(), 1u);
}

TEST_F(GatewayClientTest, AnswersThatAreNotJsonAreSaidToBeStrange) {
    for (const auto* body : {"", "<html>", "{\"a\":1", "{\"a\":1,\"a\":2}"}) {
        answer(always(200, body), 1);
        const auto result = get();
        ASSERT_FALSE(result) << body;
        EXPECT_THAT(result.error().sentence(), HasSubstr("is this a Darkroom server?"));
    }
}

}  // namespace
}  // namespace darkroom::cli
