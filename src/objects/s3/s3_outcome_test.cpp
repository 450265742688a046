// The table from answers to actions, and that its sentences name the setting and never a secret.
#include "objects/s3/s3_outcome.h"

#include <gtest/gtest.h>

#include "objects/s3/testing/scripted_bucket.h"

namespace darkroom::objects {
namespace {

using ports::ObjectErrorKind;

S3Fault fault(int status, const std::string& code = "", const std::string& message = "",
              ports::HttpFields headers = {}) {
    std::string body;
    if (!code.empty()) body = error_reply(status, code, "<Message>" + message + "</Message>").body;
    return fault_of(ports::FetchedAnswer{status, std::move(headers), body});
}

struct Row {
    int status;
    const char* code;
    S3Action action;
    ObjectErrorKind kind;
};

const Row table[] = {
    {503, "SlowDown", S3Action::again, ObjectErrorKind::unavailable},
    {503, "", S3Action::again, ObjectErrorKind::unavailable},
    {500, "InternalError", S3Action::again, ObjectErrorKind::unavailable},
    {200, "InternalError", S3Action::again, ObjectErrorKind::unavailable},
    {502, "", S3Action::again, ObjectErrorKind::unavailable},
    {504, "", S3Action::again, ObjectErrorKind::unavailable},
    {524, "", S3Action::again, ObjectErrorKind::unavailable},
    {429, "TooManyRequests", S3Action::again, ObjectErrorKind::unavailable},
    {408, "", S3Action::again, ObjectErrorKind::unavailable},
    {400, "RequestTimeout", S3Action::again, ObjectErrorKind::unavailable},
    {400, "BadDigest", S3Action::again, ObjectErrorKind::unavailable},
    {400, "XAmzContentSHA256Mismatch", S3Action::again, ObjectErrorKind::unavailable},
    {409, "OperationAborted", S3Action::again, ObjectErrorKind::unavailable},
    {404, "NoSuchKey", S3Action::missing, ObjectErrorKind::missing},
    {404, "", S3Action::missing, ObjectErrorKind::missing},
    {404, "NoSuchBucket", S3Action::misconfigured, ObjectErrorKind::misconfigured},
    {404, "NoSuchUpload", S3Action::upload_gone, ObjectErrorKind::unavailable},
    {412, "PreconditionFailed", S3Action::changed, ObjectErrorKind::changed},
    {412, "", S3Action::changed, ObjectErrorKind::changed},
    {416, "InvalidRange", S3Action::nothing_there, ObjectErrorKind::unavailable},
    {507, "", S3Action::full, ObjectErrorKind::full},
    {507, "InternalError", S3Action::full, ObjectErrorKind::full},
    {403, "QuotaExceeded", S3Action::full, ObjectErrorKind::full},
    {403, "AccessDenied", S3Action::denied, ObjectErrorKind::denied},
    {403, "", S3Action::denied, ObjectErrorKind::denied},
    {401, "", S3Action::denied, ObjectErrorKind::denied},
    {403, "InvalidAccessKeyId", S3Action::denied, ObjectErrorKind::denied},
    {403, "SignatureDoesNotMatch", S3Action::denied, ObjectErrorKind::denied},
    {400, "ExpiredToken", S3Action::denied, ObjectErrorKind::denied},
    {403, "RequestTimeTooSkewed", S3Action::skewed, ObjectErrorKind::misconfigured},
    {301, "PermanentRedirect", S3Action::other_region, ObjectErrorKind::misconfigured},
    {307, "", S3Action::other_region, ObjectErrorKind::misconfigured},
    {400, "AuthorizationHeaderMalformed", S3Action::other_region, ObjectErrorKind::misconfigured},
    {400, "InvalidBucketName", S3Action::misconfigured, ObjectErrorKind::misconfigured},
    {400, "SomethingNew", S3Action::misconfigured, ObjectErrorKind::misconfigured},
    {405, "MethodNotAllowed", S3Action::misconfigured, ObjectErrorKind::misconfigured},
    {501, "NotImplemented", S3Action::misconfigured, ObjectErrorKind::misconfigured},
    {400, "EntityTooLarge", S3Action::misconfigured, ObjectErrorKind::misconfigured},
};

TEST(S3Outcome, EveryAnswerHasItsAction) {
    const auto settings = scripted_settings();
    for (const auto& row : table) {
        SCOPED_TRACE(std::to_string(row.status) + " " + row.code);
        const auto read = fault(row.status, row.code);
        EXPECT_EQ(static_cast<int>(read.action), static_cast<int>(row.action));
        const auto error = error_of(read, "put x", settings);
        EXPECT_EQ(static_cast<int>(error.kind), static_cast<int>(row.kind));
        EXPECT_TRUE(error.detail.starts_with("cannot put x: ")) << error.detail;
    }
}

TEST(S3Outcome, SilenceIsWorthAnotherTryAndABadUrlIsNot) {
    for (const auto kind : {ports::FetchError::unreachable, ports::FetchError::interrupted,
                            ports::FetchError::timed_out, ports::FetchError::tls}) {
        EXPECT_EQ(fault_of(ports::FetchFailure{kind, "x"}).action, S3Action::again);
    }
    EXPECT_EQ(fault_of(ports::FetchFailure{ports::FetchError::bad_url, "x"}).action, S3Action::misconfigured);
    EXPECT_TRUE(fault_of(ports::FetchFailure{ports::FetchError::interrupted, "x"}).may_have_happened);
    EXPECT_FALSE(fault_of(ports::FetchFailure{ports::FetchError::unreachable, "x"}).may_have_happened);
    EXPECT_TRUE(fault(503).may_have_happened);
    EXPECT_FALSE(fault(403).may_have_happened);
}

TEST(S3Outcome, AQuotaIsFullHoweverItIsWorded) {
    EXPECT_EQ(fault(413, "EntityTooLarge", "Upload exceeds quota.").action, S3Action::full);
}

TEST(S3Outcome, TheSentenceNamesTheCauseAndTheSetting) {
    const auto settings = scripted_settings();
    const auto said = [&](const S3Fault& of) { return error_of(of, "put x", settings).detail; };
    EXPECT_EQ(
        said(fault(403, "SignatureDoesNotMatch")),
        "cannot put x: SignatureDoesNotMatch: the secret key is not that of access key AKIAEXAM…; check "
        "AWS_SECRET_ACCESS_KEY and AWS_ACCESS_KEY_ID");
    EXPECT_NE(said(fault(403, "InvalidAccessKeyId")).find("AWS_ACCESS_KEY_ID"), std::string::npos);
    EXPECT_NE(said(fault(403, "AccessDenied")).find("bucket photos"), std::string::npos);
    EXPECT_NE(said(fault(404, "NoSuchBucket")).find("S3_BUCKET"), std::string::npos);
    EXPECT_NE(said(fault(400, "ExpiredToken")).find("AWS_SESSION_TOKEN"), std::string::npos);
    EXPECT_NE(said(fault(403, "RequestTimeTooSkewed")).find("clock"), std::string::npos);
    EXPECT_NE(said(fault(301, "", "", {{"x-amz-bucket-region", "eu-west-1"}}))
                  .find("the bucket is in region eu-west-1; set AWS_REGION"),
              std::string::npos);
    EXPECT_NE(said(fault(507)).find("full"), std::string::npos);

    auto volume = network_volume_settings("vol1", "https://s3api-eu-ro-1.runpod.io", "EU-RO-1");
    volume.access_key = "user_123";
    EXPECT_NE(
        error_of(fault(403, "SignatureDoesNotMatch"), "put x", volume).detail.find("RUNPOD_S3_SECRET_KEY"),
        std::string::npos);
}

TEST(S3Outcome, NoSentenceHoldsASecretHoweverItGotIntoTheAnswer) {
    auto settings = scripted_settings();
    settings.session_token = "the-session-token";
    const std::string leak =
        "you sent the/secret+key and the-session-token and the-session-token to "
        "http://h/k?X-Amz-Signature=deadbeef\n\x01";
    for (const auto& row : table) {
        const auto detail = error_of(fault(row.status, row.code, leak), "put x", settings).detail;
        for (const char* secret : {"the/secret+key", "the-session-token", "deadbeef", "\n", "\x01"}) {
            EXPECT_EQ(detail.find(secret), std::string::npos) << detail;
        }
        auto failure = fault_of(ports::FetchFailure{ports::FetchError::interrupted, leak});
        EXPECT_EQ(error_of(failure, "put x", settings).detail.find("the/secret+key"), std::string::npos);
    }
    const auto long_one = error_of(fault(400, "Odd", std::string(50'000, 'x')), "put x", settings).detail;
    EXPECT_LT(long_one.size(), 500u);
}

TEST(S3Outcome, TheRegionIsFoundWhereverItIsToldAndOnlyBelievedIfItLooksLikeOne) {
    EXPECT_EQ(fault(400, "", "", {{"X-Amz-Bucket-Region", "eu-west-3"}}).region, "eu-west-3");
    EXPECT_EQ(fault(400, "", "", {{"X-Amz-Bucket-Region", "eu-west-3"}}).action, S3Action::other_region);
    EXPECT_EQ(fault(400, "AuthorizationHeaderMalformed",
                    "the region 'us-east-1' is wrong; expecting 'eu-central-1'")
                  .region,
              "eu-central-1");
    const auto body =
        error_reply(301, "PermanentRedirect", "<Region>ap-south-1</Region><Endpoint>h.example</Endpoint>");
    const auto read = fault_of(ports::FetchedAnswer{301, {}, body.body});
    EXPECT_EQ(read.region, "ap-south-1");
    EXPECT_EQ(read.redirect, "h.example");
    EXPECT_EQ(fault(301, "", "", {{"x-amz-bucket-region", "evil.example/x"}}).region, "");
    EXPECT_EQ(fault(301, "", "", {{"x-amz-bucket-region", std::string(100, 'a')}}).region, "");
}

TEST(S3Outcome, RetryAfterIsReadInSecondsAndBounded) {
    EXPECT_EQ(fault(503, "", "", {{"Retry-After", "7"}}).retry_after, std::chrono::seconds(7));
    EXPECT_EQ(fault(503, "", "", {{"Retry-After", "99999999"}}).retry_after, std::chrono::hours(1));
    for (const char* odd : {"", "-1", "soon", "99999999999999999999", "Fri, 02 Jan 2026 03:04:05 GMT"}) {
        EXPECT_EQ(fault(503, "", "", {{"Retry-After", odd}}).retry_after, Milliseconds{0}) << odd;
    }
}

}  // namespace
}  // namespace darkroom::objects
