// What stands around a request: tries, pauses, deadlines, the clock and the region that are learned.
#include "objects/s3/s3_client.h"

#include <gtest/gtest.h>

#include "objects/s3/testing/scripted_bucket.h"

namespace darkroom::objects {
namespace {

using ports::HttpMethod;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class S3ClientTest : public ::testing::Test {
protected:
    S3Client& client() {
        if (!client_) client_ = std::make_unique<S3Client>(settings, http, clock, random);
        return *client_;
    }
    Result<S3Answer, S3Fault> put(std::string body = "bytes") {
        S3Request request;
        request.method = HttpMethod::put;
        request.key = "k";
        request.body = std::move(body);
        return client().send(request);
    }
    Result<S3Answer, S3Fault> head() {
        S3Request request;
        request.method = HttpMethod::head;
        request.key = "k";
        return client().send(request);
    }
    std::string date(Milliseconds ahead) const {
        const auto text = format_rfc3339(clock.now() + ahead);
        static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const auto month = std::stoul(text.substr(5, 2));
        return "Fri, " + text.substr(8, 2) + " " + months[month - 1] + " " + text.substr(0, 4) + " " +
               text.substr(11, 8) + " GMT";
    }
    std::string signed_at(std::size_t request) const { return field(http.requests()[request], "x-amz-date"); }
    std::string credential(std::size_t request) const {
        return field(http.requests()[request], "authorization");
    }

    S3Settings settings = scripted_settings();
    ScriptedHttp http;
    JumpingClock clock;
    RepeatedChance random;

private:
    std::unique_ptr<S3Client> client_;
};

TEST_F(S3ClientTest, ARequestCarriesItsSignatureAndTheHashOfItsBody) {
    settings.session_token = "token";
    http.add({});
    ASSERT_TRUE(put("Welcome to Amazon S3.").ok());
    const auto& sent = http.requests().front();
    EXPECT_EQ(sent.url, "http://s3.example:9000/photos/k");
    EXPECT_EQ(field(sent, "x-amz-content-sha256"),
              "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
    EXPECT_EQ(field(sent, "x-amz-date"), "20260102T030405Z");
    EXPECT_EQ(field(sent, "x-amz-security-token"), "token");
    EXPECT_TRUE(
        field(sent, "authorization")
            .starts_with("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEKEY/20260102/us-east-1/s3/aws4_request, "
                         "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "));
    EXPECT_EQ(sent.idle_timeout, settings.idle_timeout);
    for (const auto& [name, value] : sent.headers)
        EXPECT_EQ(value.find(settings.secret_key), std::string::npos);
}

TEST_F(S3ClientTest, AnOverloadedServerIsAskedFiveTimesWithPausesThatMayGrow) {
    http.otherwise = [](const auto&) { return error_reply(503, "SlowDown"); };
    for (int round = 0; round < 40; ++round) {
        const auto begin = clock.waits().size();
        const auto answer = put();
        ASSERT_FALSE(answer.ok());
        EXPECT_EQ(answer.error().code, "SlowDown");
        const auto waits = clock.waits();
        ASSERT_EQ(waits.size() - begin, 4u);
        for (std::size_t i = begin; i < waits.size(); ++i) {
            EXPECT_GE(waits[i], Milliseconds{0});
            EXPECT_LE(waits[i], settings.pause_base * (1 << (i - begin)));
        }
    }
    EXPECT_EQ(http.requests().size(), 200u);
    Milliseconds longest{0};
    for (const auto wait : clock.waits()) longest = std::max(longest, wait);
    EXPECT_GT(longest, settings.pause_base * 4);  // the last pauses are not as short as the first
}

TEST_F(S3ClientTest, TheBodyIsSentWholeEachTimeAndGivenBack) {
    http.add(no_reply());
    http.add(error_reply(400, "BadDigest"));
    http.add({});
    S3Request request;
    request.method = HttpMethod::put;
    request.key = "k";
    request.body = std::string(5'000, 'x');
    ASSERT_TRUE(client().send(request).ok());
    EXPECT_EQ(request.body, std::string(5'000, 'x'));
    for (const auto& sent : http.requests()) EXPECT_EQ(sent.body.size(), 5'000u);
}

TEST_F(S3ClientTest, ThePauseThatTheServerAsksForIsKept) {
    auto busy = error_reply(503, "SlowDown");
    busy.headers = {{"Retry-After", "7"}};
    http.add(busy);
    http.add({});
    ASSERT_TRUE(put().ok());
    EXPECT_EQ(clock.waits(), std::vector<Milliseconds>{seconds(7)});
}

TEST_F(S3ClientTest, NoTryAndNoPauseGoesBeyondTheDeadline) {
    settings.deadline = seconds(20);
    auto busy = error_reply(503, "SlowDown");
    busy.headers = {{"Retry-After", "8"}};
    http.otherwise = [&](const auto&) { return busy; };
    EXPECT_FALSE(put().ok());
    EXPECT_EQ(http.requests().size(), 3u);  // at 0, 8 and 16 seconds; 24 would be too late
    EXPECT_EQ(http.requests()[0].total_timeout, seconds(20));
    EXPECT_EQ(http.requests()[2].total_timeout, seconds(4));
}

TEST_F(S3ClientTest, ALargeBodyIsGivenTheTimeItTakes) {
    settings.slowest_bytes_per_second = 1'000;
    http.add({});
    ASSERT_TRUE(put(std::string(90'000, 'x')).ok());
    EXPECT_EQ(http.requests().front().total_timeout, settings.try_timeout + seconds(90));
}

TEST_F(S3ClientTest, WhatNoOtherTryCanHelpIsNotTriedAgain) {
    for (const char* code : {"AccessDenied", "SignatureDoesNotMatch", "NoSuchBucket", "NoSuchKey"}) {
        http.add(error_reply(code == std::string("NoSuchKey") ? 404 : 403, code));
        EXPECT_FALSE(put().ok());
    }
    http.add({.status = 507, .headers = {}, .body = {}});
    EXPECT_FALSE(put().ok());
    EXPECT_EQ(http.requests().size(), 5u);
    EXPECT_TRUE(clock.waits().empty());
}

TEST_F(S3ClientTest, AServerKnownToRefuseByWhimIsAskedAgain) {
    settings.repeats_denied = true;
    http.add(error_reply(403, "AccessDenied"));
    http.add({});
    EXPECT_TRUE(put().ok());
    http.add(error_reply(403, "SignatureDoesNotMatch"));
    EXPECT_FALSE(put().ok());
    EXPECT_TRUE(http.is_done());
}

TEST_F(S3ClientTest, AnErrorInsideA200IsAFailure) {
    http.add(error_reply(200, "InternalError"));
    http.add({.status = 200, .headers = {}, .body = "  \n<Error><Code>SlowDown</Code></Error>"});
    http.add({.status = 200, .headers = {}, .body = "<CopyObjectResult/>"});
    EXPECT_TRUE(put().ok());
    EXPECT_EQ(http.requests().size(), 3u);
}

TEST_F(S3ClientTest, AnAnswerThatIsNotWholeIsAskedForAgain) {
    for (int i = 0; i < 5; ++i) http.add({.status = 200, .headers = {}, .body = "<html>Sign in</html>"});
    S3Request request;
    request.is_whole = [](const auto& answer) { return answer.body == "whole"; };
    const auto answer = client().send(request);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().action, S3Action::again);
    EXPECT_EQ(http.requests().size(), 5u);
}

// --- the clock ------------------------------------------------------------------------------------------

TEST_F(S3ClientTest, TheServersTimeIsTakenOverAtOnceAndUsedFromThenOn) {
    auto skewed = error_reply(403, "RequestTimeTooSkewed");
    skewed.headers = {{"Date", date(hours(2))}};
    http.add(skewed);
    http.add({.status = 200, .headers = {{"Date", date(hours(2))}}, .body = {}});
    http.add({});
    ASSERT_TRUE(put().ok());
    EXPECT_TRUE(clock.waits().empty());
    EXPECT_EQ(signed_at(0), "20260102T030405Z");
    EXPECT_EQ(signed_at(1), "20260102T050405Z");
    ASSERT_TRUE(put().ok());
    EXPECT_EQ(signed_at(2), "20260102T050405Z");
    EXPECT_EQ(client().bearings().seen_offset(), hours(2));
    EXPECT_EQ(client().server_now(), clock.now() + hours(2));
    const ports::HttpFields none;
    const auto url = client().presign({"GET", "k", none, none}, 60, client().server_now());
    EXPECT_NE(url.find("X-Amz-Date=20260102T050405Z"), std::string::npos) << url;
}

TEST_F(S3ClientTest, AClockThatWasSetRightIsBelievedAgain) {
    http.add({.status = 200, .headers = {{"Date", date(-hours(2))}}, .body = {}});
    ASSERT_TRUE(put().ok());
    EXPECT_EQ(client().server_now(), clock.now() - hours(2) + Milliseconds{999});
    http.add({.status = 200, .headers = {{"Date", date(seconds(0))}}, .body = {}});
    ASSERT_TRUE(put().ok());
    EXPECT_EQ(client().server_now(), clock.now());
}

TEST_F(S3ClientTest, ADifferenceOfSecondsIsSeenAndNotApplied) {
    http.add({.status = 200, .headers = {{"Date", date(seconds(40))}}, .body = {}});
    ASSERT_TRUE(put().ok());
    EXPECT_EQ(client().bearings().seen_offset(), seconds(40));
    EXPECT_EQ(client().server_now(), clock.now());
}

TEST_F(S3ClientTest, ALongUploadIsNoWrongClock) {
    // The server stamps its answer when the request begins; the upload takes five minutes.
    http.add({.status = 200, .headers = {{"Date", date(seconds(0))}}, .body = {}});
    http.before_answer = [&] { clock.pass(minutes(5)); };
    ASSERT_TRUE(put().ok());
    EXPECT_EQ(client().bearings().seen_offset(), Milliseconds{0});
}

TEST_F(S3ClientTest, AServerThatComplainsOfARightClockIsNotAskedTwice) {
    auto skewed = error_reply(403, "RequestTimeTooSkewed");
    skewed.headers = {{"Date", date(seconds(0))}};
    http.add(skewed);
    const auto answer = put();
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().action, S3Action::skewed);
    EXPECT_EQ(http.requests().size(), 1u);
}

TEST_F(S3ClientTest, AHeadThatIsRefusedWithoutAReasonByADistantClockIsTriedWithThatClock) {
    http.add({.status = 403, .headers = {{"Date", date(hours(1))}}, .body = {}});
    http.add({});
    EXPECT_TRUE(head().ok());
    EXPECT_EQ(signed_at(1), "20260102T040405Z");
}

TEST_F(S3ClientTest, AHeadThatFailsWithoutAReasonIsExplainedByAGet) {
    http.add({.status = 403, .headers = {}, .body = {}});
    http.add(error_reply(403, "InvalidAccessKeyId"));
    const auto refused = head();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, "InvalidAccessKeyId");
    EXPECT_EQ(field(http.requests()[1], "range"), "bytes=0-0");

    http.add({.status = 404, .headers = {}, .body = {}});
    http.add(error_reply(404, "NoSuchBucket"));
    EXPECT_EQ(head().error().action, S3Action::misconfigured);
    http.add({.status = 404, .headers = {}, .body = {}});
    http.add({.status = 404, .headers = {}, .body = "<html>not found</html>"});
    EXPECT_EQ(head().error().action, S3Action::missing);
}

// --- the region -----------------------------------------------------------------------------------------

TEST_F(S3ClientTest, ABucketOfAwsInAnotherRegionIsAskedThereSignedAnewAndFoundThereFromThenOn) {
    settings.endpoint.clear();
    http.add(error_reply(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>"));
    http.add({});
    http.add({});
    ASSERT_TRUE(put().ok());
    EXPECT_EQ(http.requests()[0].url, "https://photos.s3.us-east-1.amazonaws.com/k");
    EXPECT_EQ(http.requests()[1].url, "https://photos.s3.eu-west-3.amazonaws.com/k");
    EXPECT_NE(credential(1).find("/eu-west-3/s3/"), std::string::npos);
    ASSERT_TRUE(put().ok());
    EXPECT_EQ(http.requests()[2].url, "https://photos.s3.eu-west-3.amazonaws.com/k");
    EXPECT_EQ(client().bearings().route().region, "eu-west-3");
    EXPECT_TRUE(clock.waits().empty());
}

TEST_F(S3ClientTest, AHeadLearnsTheRegionFromItsHeader) {
    http.add({.status = 400, .headers = {{"x-amz-bucket-region", "eu-west-3"}}, .body = {}});
    http.add({});
    ASSERT_TRUE(head().ok());
    EXPECT_NE(credential(1).find("/eu-west-3/s3/"), std::string::npos);
    EXPECT_EQ(http.requests()[1].url, http.requests()[0].url);
}

TEST_F(S3ClientTest, ATemporaryRedirectIsForOneRequestAndAPermanentOneForAll) {
    for (const int status : {307, 301}) {
        auto redirect = error_reply(status, "Redirect");
        redirect.headers = {{"Location", "http://there.example/photos/k"}};
        http.add(redirect);
        http.add({});
        http.add({});
        const auto begin = http.requests().size();
        ASSERT_TRUE(put().ok());
        ASSERT_TRUE(put().ok());
        EXPECT_EQ(http.requests()[begin + 1].url, "http://there.example/photos/k");
        EXPECT_EQ(http.requests()[begin + 2].url,
                  status == 307 ? "http://s3.example:9000/photos/k" : "http://there.example/photos/k");
    }
}

TEST_F(S3ClientTest, RedirectsAreFollowedOnceAndNeverToAnotherScheme) {
    auto redirect = error_reply(301, "PermanentRedirect");
    redirect.headers = {{"Location", "https://there.example/photos/k"}};
    http.add(redirect);
    EXPECT_FALSE(put().ok());
    EXPECT_EQ(http.requests().size(), 1u);

    int turn = 0;
    http.otherwise = [&](const auto&) {
        auto again = error_reply(307, "TemporaryRedirect");
        again.headers = {{"Location", "http://number" + std::to_string(++turn) + ".example/photos/k"}};
        return again;
    };
    EXPECT_EQ(put().error().action, S3Action::other_region);
    EXPECT_EQ(turn, 2);
}

TEST_F(S3ClientTest, TheSigningKeyIsThatOfTheDay) {
    http.add({});
    http.add({});
    ASSERT_TRUE(put().ok());
    clock.pass(hours(24));
    ASSERT_TRUE(put().ok());
    EXPECT_NE(credential(0).find("/20260102/"), std::string::npos);
    EXPECT_NE(credential(1).find("/20260103/"), std::string::npos);
    EXPECT_NE(credential(0).substr(credential(0).find("Signature=")),
              credential(1).substr(credential(1).find("Signature=")));
}

}  // namespace
}  // namespace darkroom::objects
