// F-E01, F-E07, F-E09, F-E11 and a full store: what a server answers when it is overloaded, forbidding, slow,
// full or out of its mind, and what comes of each operation.
#include <gtest/gtest.h>

#include <functional>

#include "tests/s3/s3_fixture.h"

namespace darkroom::s3 {
namespace {

using ports::ObjectError;

// Short time-outs, and in turn those that a machine may need which is too busy for the real server to answer
// within the first.
constexpr Milliseconds patiences[] = {Milliseconds(100), Milliseconds(1'000), Milliseconds(5'000)};

class BadAnswersTest : public S3Test {
protected:
    struct Operation {
        const char* name;
        std::function<std::optional<ObjectError>(S3ObjectStore&)> run;  // nullopt = it went well
    };
    template <class Result>
    static std::optional<ObjectError> error_of(const Result& result) {
        return result.ok() ? std::nullopt : std::optional(result.error());
    }

    void SetUp() override { ASSERT_TRUE(put_bytes(*StoreAt(direct_settings()), picture_, "here").ok()); }

    std::vector<Operation> operations() {
        return {{"put", [&](auto& s) { return error_of(put_bytes(s, output_, pattern(1'000))); }},
                {"put_file",
                 [&](auto& s) { return error_of(s.put_file(output_, file("f.png", pattern(2'000)))); }},
                {"open", [&](auto& s) { return error_of(read_all(s, picture_)); }},
                {"head", [&](auto& s) { return error_of(s.head(picture_)); }},
                {"copy", [&](auto& s) { return error_of(s.copy(picture_, output_)); }},
                {"list", [&](auto& s) { return error_of(s.list("uploaded/", "", 100)); }},
                {"remove_many",
                 [&](auto& s) { return error_of(s.remove_many(std::vector<ObjectKey>{output_})); }},
                {"remove", [&](auto& s) { return error_of(s.remove(output_)); }}};
    }
    /// Time-outs so short that a server which says nothing is given up at once.
    S3Settings impatient(Milliseconds patience = patiences[0]) const {
        auto settings = proxied_settings();
        settings.try_timeout = settings.idle_timeout = patience;
        return settings;
    }
    /// Every operation fails so while the proxy answers with `fault`; afterwards the same store works again.
    void expect_each_fails_and_recovers(const S3Settings& settings, const Fault& fault,
                                        ObjectErrorKind kind) {
        StoreAt store(settings);
        for (const auto& operation : operations()) {
            SCOPED_TRACE(operation.name);
            const auto after = fails_and_then(*store, operation, fault, kind);
            EXPECT_FALSE(after.has_value()) << after->detail;
        }
    }
    std::optional<ObjectError> fails_and_then(S3ObjectStore& store, const Operation& operation,
                                              const Fault& fault, ObjectErrorKind kind) {
        proxy_.plan(fault, FaultProxy::always);
        const auto error = operation.run(store);
        proxy_.behave();
        EXPECT_TRUE(error.has_value());
        if (error) {
            EXPECT_EQ(static_cast<int>(error->kind), static_cast<int>(kind)) << error->detail;
            EXPECT_EQ(error->detail.find(direct_settings().secret_key), std::string::npos);
        }
        return operation.run(store);
    }
};

TEST_F(BadAnswersTest, F_E01_AnOverloadedServerIsAskedAgainAfterAPause) {
    const Fault faults[] = {Fault::answer_with(503, {}, error_body("SlowDown")),
                            Fault::answer_with(503, {{"Retry-After", "1"}}, ""),
                            Fault::answer_with(500, {}, error_body("InternalError")),
                            Fault::answer_with(502, {}, "<html>bad gateway</html>"),
                            Fault::answer_with(429, {}, error_body("TooManyRequests")),
                            Fault::answer_with(400, {}, error_body("RequestTimeout"))};
    for (const auto& fault : faults) {
        for (const auto& operation : operations()) {
            SCOPED_TRACE(operation.name + fault.answer({}).substr(0, 12));
            StoreAt store(proxied_settings());
            proxy_.plan(fault, 3);
            const auto error = operation.run(*store);
            EXPECT_FALSE(error.has_value()) << error->detail;
            EXPECT_GE(store.clock.skipped_waits().size(), 3u);
        }
    }
}

TEST_F(BadAnswersTest, F_E01_ItIsAskedFiveTimesAtMostWithPausesThatGrowAndDiffer) {
    StoreAt store(proxied_settings());
    proxy_.plan(Fault::answer_with(503, {}, error_body("SlowDown")), FaultProxy::always);
    const auto before = proxy_.requests().size();
    const auto head = store->open(picture_);
    ASSERT_FALSE(head.ok());
    EXPECT_EQ(head.error().kind, ObjectErrorKind::unavailable);
    EXPECT_NE(head.error().detail.find("SlowDown"), std::string::npos) << head.error().detail;
    EXPECT_EQ(proxy_.requests().size() - before, 5u);
    const auto waits = store.clock.skipped_waits();
    ASSERT_EQ(waits.size(), 4u);
    for (std::size_t i = 0; i < waits.size(); ++i) {
        EXPECT_LE(waits[i], Milliseconds(200) * (1 << i));
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(waits[i], waits[j]);
    }
}

TEST_F(BadAnswersTest, F_E01_AServerThatStaysBrokenMakesEveryOperationUnavailable) {
    expect_each_fails_and_recovers(proxied_settings(),
                                   Fault::answer_with(500, {}, error_body("InternalError")),
                                   ObjectErrorKind::unavailable);
}

TEST_F(BadAnswersTest, F_E01_AServerThatSaysNothingIsGivenUpInTime) {
    for (const auto& operation : operations()) {
        SCOPED_TRACE(operation.name);
        std::optional<ObjectError> after;
        for (const auto patience : patiences) {
            StoreAt store(impatient(patience));
            after = fails_and_then(*store, operation, Fault::cut_before_reply(Fault::End::hold),
                                   ObjectErrorKind::unavailable);
            if (!after) break;
        }
        EXPECT_FALSE(after.has_value()) << after->detail;
    }
}

TEST_F(BadAnswersTest, F_E01_ConnectionsThatAreResetAreTriedAgain) {
    StoreAt store(proxied_settings());
    proxy_.plan(Fault::cut_before_reply(Fault::End::reset), 2);
    EXPECT_TRUE(store->head(picture_).ok());
    proxy_.set_door(FaultProxy::Door::reset);
    StoreAt other(proxied_settings());
    const auto head = other->head(picture_);
    ASSERT_FALSE(head.ok());
    EXPECT_EQ(head.error().kind, ObjectErrorKind::unavailable);
    proxy_.set_door(FaultProxy::Door::open);
    EXPECT_TRUE(other->head(picture_).ok());
}

TEST_F(BadAnswersTest, F_E07_WhatIsForbiddenIsDeniedUntilItIsAllowedAgain) {
    expect_each_fails_and_recovers(
        proxied_settings(), Fault::answer_with(403, {}, error_body("AccessDenied")), ObjectErrorKind::denied);
}

TEST_F(BadAnswersTest, F_E07_ABucketThatWasDeletedIsMisconfiguredUntilItIsBack) {
    StoreAt store(proxied_settings());
    for (const auto& operation : operations()) {
        if (std::string_view(operation.name) == "head") continue;  // its answer has no body to tell
        SCOPED_TRACE(operation.name);
        proxy_.plan(Fault::answer_with(404, {}, error_body("NoSuchBucket")), FaultProxy::always,
                    [](const auto& request) { return request.method != "HEAD"; });
        const auto error = operation.run(*store);
        proxy_.behave();
        ASSERT_TRUE(error.has_value());
        EXPECT_EQ(static_cast<int>(error->kind), static_cast<int>(ObjectErrorKind::misconfigured))
            << error->detail;
        EXPECT_FALSE(operation.run(*store).has_value());
    }
}

TEST_F(BadAnswersTest, AFullStoreIsFullAndNotAskedAgain) {
    StoreAt store(proxied_settings());
    proxy_.plan(Fault::answer_with(507, {}, ""), FaultProxy::always, on("PUT"));
    const auto put = put_bytes(*store, output_, pattern(1'000));
    ASSERT_FALSE(put.ok());
    EXPECT_EQ(put.error().kind, ObjectErrorKind::full) << put.error().detail;
    EXPECT_EQ(proxy_.count("PUT"), 1);
}

TEST_F(BadAnswersTest, F_E09_AListingThatRepeatsItsTokenEnds) {
    const std::string head =
        "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>true</IsTruncated>"
        "<NextContinuationToken>again</NextContinuationToken>";
    const std::string object =
        "<Contents><Key>uploaded/x.jpg</Key><Size>1</Size>"
        "<LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>";
    StoreAt store(proxied_settings());
    proxy_.plan(Fault::answer_with(200, {}, head + object + "</ListBucketResult>"), FaultProxy::always);
    const auto first = store->list("uploaded/", "", 1);
    ASSERT_TRUE(first.ok()) << first.error().detail;
    ASSERT_NE(first->next, "");
    const auto second = store->list("uploaded/", first->next, 1);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, ObjectErrorKind::unavailable);
    EXPECT_NE(second.error().detail.find("token"), std::string::npos) << second.error().detail;

    proxy_.behave();
    proxy_.plan(Fault::answer_with(200, {}, head + "</ListBucketResult>"), FaultProxy::always);
    const auto empty = store->list("uploaded/", "", 1);
    ASSERT_FALSE(empty.ok());
    EXPECT_EQ(empty.error().kind, ObjectErrorKind::unavailable);
}

TEST_F(BadAnswersTest, AnswersThatAreCutOffOrNonsenseAreErrors) {
    StoreAt store(proxied_settings());
    const std::string bodies[] = {
        "",
        "<",
        "<ListBucketResult>",
        "<a><b></a></b>",
        "not xml",
        std::string("\0\0\0", 3),
        std::string(100'000, '<'),
        "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><ListBucketResult>&a;</ListBucketResult>"};
    for (const auto& body : bodies) {
        SCOPED_TRACE(body.substr(0, 40));
        proxy_.behave();
        proxy_.plan(Fault::answer_with(200, {{"Content-Type", "application/xml"}}, body), FaultProxy::always);
        EXPECT_FALSE(store->list("uploaded/", "", 10).ok());
        EXPECT_FALSE(store->remove_many(std::vector<ObjectKey>{picture_, output_}).ok());
        EXPECT_FALSE(store->copy(picture_, output_).ok());
        EXPECT_FALSE(store->remove_unfinished(store.clock.now(), false).ok());
    }
    proxy_.behave();
    EXPECT_EQ(read_all(*store, picture_).value(), "here");
}

TEST_F(BadAnswersTest, F_E11_ASlowServerIsReadToTheEndAndASilentOneIsNot) {
    ASSERT_TRUE(put_bytes(*StoreAt(direct_settings()), picture_, pattern(600)).ok());
    std::string read_slowly;
    for (const auto patience : patiences) {
        Fault slow;  // the whole of it takes longer than a pause may, but none of its pieces does
        slow.reply_bytes_per_second = static_cast<std::uint64_t>(Milliseconds(500'000) / patience);
        proxy_.plan(slow, FaultProxy::always, on("GET"));
        read_slowly = read_all(*StoreAt(impatient(patience)), picture_).value_or("");
        proxy_.behave();
        if (!read_slowly.empty()) break;
    }
    EXPECT_EQ(read_slowly, pattern(600));

    StoreAt store(impatient());
    Fault silent;
    silent.cut_reply = Fault::Cut{700, Fault::End::hold};  // in the middle of the body
    proxy_.plan(silent, 1, on("GET"));
    proxy_.plan(Fault::cut_before_reply(Fault::End::hold), FaultProxy::always, on("GET"));
    const auto begin = std::chrono::steady_clock::now();
    const auto read = read_all(*store, picture_);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().kind, ObjectErrorKind::unavailable) << read.error().detail;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST_F(BadAnswersTest, F_E11_AnUploadThatNobodyTakesIsGivenUp) {
    StoreAt store(impatient());
    Fault stuck;
    stuck.cut_request = Fault::Cut{2'000, Fault::End::hold};
    proxy_.plan(stuck, FaultProxy::always, on("PUT"));
    const auto begin = std::chrono::steady_clock::now();
    const auto put = put_bytes(*store, output_, pattern(3u << 20));
    ASSERT_FALSE(put.ok());
    EXPECT_EQ(put.error().kind, ObjectErrorKind::unavailable) << put.error().detail;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

}  // namespace
}  // namespace darkroom::s3
