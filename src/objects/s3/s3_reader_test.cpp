// Reading: parts, versions, cut connections, and servers that answer something else than was asked.
#include "objects/s3/s3_reader.h"

#include <gtest/gtest.h>

#include "objects/s3/testing/store_fixture.h"

namespace darkroom::objects {
namespace {

using ports::ObjectErrorKind;

const std::string whole = "0123456789abcdefghij";

class S3ReaderTest : public StoreFixture {
protected:
    static Reply get_reply(std::size_t from = 0, std::size_t length = std::string::npos,
                           const std::string& etag = "\"v1\"") {
        const auto part = whole.substr(from, length);
        Reply reply{.status = 206, .headers = {{"ETag", etag}}, .body = part};
        reply.headers.emplace_back("Content-Range", "bytes " + std::to_string(from) + "-" +
                                                        std::to_string(from + part.size() - 1) + "/20");
        return reply;
    }
    static Reply whole_reply(const std::string& etag = "\"v1\"") {
        return {.status = 200, .headers = {{"ETag", etag}, {"Content-Length", "20"}}, .body = whole};
    }
    static Reply cut(Reply reply, std::size_t after) {
        reply.cut_after = after;
        return reply;
    }
    ports::ObjectResult<std::string> read(const ports::OpenOptions& options = {}) {
        auto reader = store().open(picture, options);
        if (!reader) return Fail(reader.error());
        EXPECT_EQ((*reader)->bytes(), 20u);
        EXPECT_EQ((*reader)->fd(), -1);
        std::string all;
        std::string buffer(7, '\0');
        for (;;) {
            const auto got = (*reader)->read(buffer);
            if (!got) return Fail(got.error());
            if (*got == 0) return all;
            all.append(buffer, 0, *got);
        }
    }
    ObjectErrorKind failure(const ports::OpenOptions& options = {}) {
        const auto result = read(options);
        EXPECT_FALSE(result.ok());
        return result.ok() ? ObjectErrorKind::full : result.error().kind;
    }
};

TEST_F(S3ReaderTest, TheWholeAndEachPartAreRead) {
    http.add(whole_reply());
    EXPECT_EQ(read().value(), whole);
    EXPECT_EQ(field(sent(0), "range"), "");
    http.add(get_reply(5));
    EXPECT_EQ(read({.offset = 5, .length = std::nullopt, .version = ""}).value(), whole.substr(5));
    EXPECT_EQ(field(sent(1), "range"), "bytes=5-");
    http.add(get_reply(5, 3));
    EXPECT_EQ(read({.offset = 5, .length = 3, .version = ""}).value(), "567");
    EXPECT_EQ(field(sent(2), "range"), "bytes=5-7");
    http.add(get_reply(15));
    EXPECT_EQ(read({.offset = 15, .length = ~std::uint64_t{0}, .version = ""}).value(), whole.substr(15));
}

TEST_F(S3ReaderTest, NothingIsReadBehindTheEndOrOfNoLength) {
    http.add(error_reply(416, "InvalidRange"));
    http.add(head_reply(20, "\"v1\""));
    EXPECT_EQ(read({.offset = 20, .length = std::nullopt, .version = ""}).value(), "");
    http.add(head_reply(20, "\"v1\""));
    EXPECT_EQ(read({.offset = 3, .length = 0, .version = "\"v1\""}).value(), "");
    http.add(head_reply(20, "\"v2\""));
    EXPECT_EQ(failure({.offset = 3, .length = 0, .version = "\"v1\""}), ObjectErrorKind::changed);
}

TEST_F(S3ReaderTest, AServerThatKnowsNoRangesIsReadUpToThePart) {
    http.add(whole_reply());
    EXPECT_EQ(read({.offset = 5, .length = 3, .version = ""}).value(), "567");
    http.add(whole_reply());
    EXPECT_EQ(read({.offset = 30, .length = 3, .version = ""}).value(), "");
}

TEST_F(S3ReaderTest, AnotherVersionIsChangedWhoeverNotices) {
    http.add(error_reply(412, "PreconditionFailed"));
    EXPECT_EQ(failure({.offset = 0, .length = std::nullopt, .version = "\"v1\""}), ObjectErrorKind::changed);
    EXPECT_EQ(field(sent(0), "if-match"), "\"v1\"");
    http.add(whole_reply("\"v2\""));  // from a server that knows no If-Match
    EXPECT_EQ(failure({.offset = 0, .length = std::nullopt, .version = "\"v1\""}), ObjectErrorKind::changed);
}

TEST_F(S3ReaderTest, ACutReadGoesOnWhereItStoppedWithTheSameVersion) {
    http.add(cut(whole_reply(), 3));
    http.add(no_reply());
    http.add(cut(get_reply(3), 9));
    http.add(get_reply(12));
    EXPECT_EQ(read().value(), whole);
    EXPECT_EQ(field(sent(2), "range"), "bytes=3-19");
    EXPECT_EQ(field(sent(2), "if-match"), "\"v1\"");
    EXPECT_EQ(field(sent(3), "range"), "bytes=12-19");
}

TEST_F(S3ReaderTest, AShortBodyIsNeverASuccess) {
    // Fewer bytes than the length says, with a proper end.
    auto short_body = whole_reply();
    short_body.body = "only this";
    http.add(short_body);
    http.otherwise = [](const auto&) {
        return Reply{.status = 206, .headers = {{"Content-Range", "bytes 9-19/20"}}, .body = {}};
    };
    const auto result = read();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ObjectErrorKind::unavailable);
    EXPECT_NE(result.error().detail.find("9 of 20 bytes came"), std::string::npos) << result.error().detail;
    EXPECT_LE(http.requests().size(), 10u);
}

TEST_F(S3ReaderTest, TwoVersionsAreNeverMixed) {
    http.add(cut(whole_reply(), 3));
    http.add(error_reply(412, "PreconditionFailed"));
    EXPECT_EQ(failure(), ObjectErrorKind::changed);
    http.add(cut(whole_reply(), 3));
    http.add(get_reply(3, std::string::npos, "\"v2\""));
    EXPECT_EQ(failure(), ObjectErrorKind::changed);
    // Without versions, another size tells.
    auto unversioned = cut(whole_reply(), 3);
    unversioned.headers = {{"Content-Length", "20"}};
    http.add(unversioned);
    http.add({.status = 206, .headers = {{"Content-Range", "bytes 3-19/21"}}, .body = whole.substr(3)});
    EXPECT_EQ(failure(), ObjectErrorKind::changed);
}

TEST_F(S3ReaderTest, APartThatWasNotAskedForIsNotRead) {
    const auto wrong = {Reply{.status = 206, .headers = {{"Content-Range", "bytes 0-4/20"}}, .body = "01234"},
                        Reply{.status = 206, .headers = {}, .body = "56789"},
                        Reply{.status = 200, .headers = {}, .body = whole}};
    for (const auto& reply : wrong) {
        http.add(reply);
        EXPECT_EQ(failure({.offset = 5, .length = 5, .version = ""}), ObjectErrorKind::unavailable);
    }
}

TEST_F(S3ReaderTest, WhatIsMissingIsAskedForTwice) {
    http.add(error_reply(404, "NoSuchKey"));
    http.add(whole_reply());
    EXPECT_EQ(read().value(), whole);
    http.add(error_reply(404, "NoSuchKey"));
    http.add(error_reply(404, "NoSuchKey"));
    EXPECT_EQ(failure(), ObjectErrorKind::missing);
    http.add(cut(whole_reply(), 3));
    http.add(error_reply(404, "NoSuchKey"));  // removed while it was read
    EXPECT_EQ(failure(), ObjectErrorKind::missing);
}

TEST_F(S3ReaderTest, AnErrorThatTakesItsTimeIsBounded) {
    Reply endless = error_reply(403, "AccessDenied");
    endless.body += std::string(1 << 20, ' ');
    http.add(endless);
    EXPECT_EQ(failure(), ObjectErrorKind::denied);
    http.add({.status = 403, .headers = {}, .body = std::string(1 << 20, 'x')});
    EXPECT_EQ(failure(), ObjectErrorKind::denied);
}

}  // namespace
}  // namespace darkroom::objects
