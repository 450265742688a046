// How bytes are sent, in one piece or in parts, and that a failure leaves nothing: neither half an object nor
// parts that are paid for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "objects/s3/md5.h"
#include "objects/s3/testing/store_fixture.h"
#include "tests/support/temp_dir.h"

namespace darkroom::objects {
namespace {

using ports::HttpMethod;
using ports::ObjectErrorKind;

class Bytes : public ports::ByteSource {
public:
    explicit Bytes(std::string bytes, std::optional<ports::ObjectError> then = std::nullopt)
        : bytes_(std::move(bytes)), then_(std::move(then)) {}
    ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
        const auto count = std::min({buffer.size(), bytes_.size() - at_, std::size_t{333}});
        if (count == 0 && then_) return Fail(*then_);
        std::memcpy(buffer.data(), bytes_.data() + at_, count);
        at_ += count;
        return count;
    }

private:
    std::string bytes_;
    std::size_t at_ = 0;
    std::optional<ports::ObjectError> then_;
};

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 256);
    return bytes;
}

class S3PutTest : public StoreFixture {
protected:
    ports::ObjectResult<ports::ObjectInfo> put(const std::string& bytes) {
        Bytes source(bytes);
        return store().put(picture, source);
    }
    testing::TempDir folder;

    std::filesystem::path file(const std::string& bytes) {
        auto path = folder.path() / "out.png";
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    void add_begin() {
        http.add({.status = 200,
                  .headers = {{"Date", "Fri, 02 Jan 2026 03:04:05 GMT"}},
                  .body = "<InitiateMultipartUploadResult><UploadId>u/1</UploadId>"
                          "</InitiateMultipartUploadResult>"});
    }
    void add_two_parts() {
        add_begin();
        http.add(put_reply("\"p1\""));
        http.add(put_reply("\"p2\""));
    }
    static Reply completed(const std::string& etag) {
        return ok("<CompleteMultipartUploadResult><ETag>" + etag + "</ETag></CompleteMultipartUploadResult>");
    }
    static Reply modified(Reply head, const std::string& at) {
        head.headers.emplace_back("Last-Modified", at);
        return head;
    }
    bool aborted() const {
        const auto& last = http.requests().back();
        return last.method == HttpMethod::del && last.url.ends_with("?uploadId=u%2F1");
    }
};

TEST_F(S3PutTest, WhatFitsInAPartGoesInOneRequestAndIsLookedAtAfterwards) {
    for (const std::size_t size : {0u, 1u, 999u, 1'000u}) {
        SCOPED_TRACE(size);
        const auto begin = http.requests().size();
        http.add(put_reply("\"v\""));
        http.add(head_reply(size, "\"v\""));
        const auto stored = put(pattern(size));
        ASSERT_TRUE(stored.ok()) << stored.error().detail;
        EXPECT_EQ(stored->bytes, size);
        EXPECT_EQ(stored->sha256, to_hex(sha256(pattern(size))));
        EXPECT_EQ(stored->version, "\"v\"");
        EXPECT_TRUE(sent(begin).body == pattern(size));
        EXPECT_EQ(field(sent(begin), "content-type"), "image/jpeg");
        EXPECT_EQ(field(sent(begin), "x-amz-content-sha256"), stored->sha256);
        EXPECT_EQ(sent(begin + 1).method, HttpMethod::head);
    }
}

TEST_F(S3PutTest, WhatIsLargerGoesInPartsOfThatSize) {
    add_two_parts();
    http.add(put_reply("\"p3\""));
    http.add(completed("\"whole-3\""));
    http.add(head_reply(2'001, "\"whole-3\""));
    const auto bytes = pattern(2'001);
    const auto stored = put(bytes);
    ASSERT_TRUE(stored.ok()) << stored.error().detail;
    EXPECT_EQ(stored->sha256, to_hex(sha256(bytes)));
    EXPECT_EQ(stored->version, "\"whole-3\"");
    EXPECT_TRUE(sent(1).body + sent(2).body + sent(3).body == bytes);
    EXPECT_EQ(sent(3).body.size(), 1u);
    EXPECT_TRUE(sent(2).url.ends_with("?partNumber=2&uploadId=u%2F1"));
    EXPECT_NE(sent(4).body.find("<PartNumber>3</PartNumber><ETag>\"p3\"</ETag>"), std::string::npos);
    EXPECT_EQ(field(sent(0), "content-type"), "image/jpeg");
    EXPECT_EQ(sent(4).idle_timeout, Milliseconds{0});
}

TEST_F(S3PutTest, ASourceThatFailsSendsNothingOrAborts) {
    const ports::ObjectError broke{ObjectErrorKind::denied, "the source broke"};
    Bytes early(pattern(500), broke);
    EXPECT_EQ(store().put(picture, early).error().detail, "the source broke");
    EXPECT_TRUE(http.requests().empty());

    add_begin();
    http.add(put_reply("\"p1\""));
    http.add({.status = 204, .headers = {}, .body = {}});
    Bytes late(pattern(1'500), broke);
    EXPECT_EQ(store().put(picture, late).error().detail, "the source broke");
    EXPECT_TRUE(aborted());
}

TEST_F(S3PutTest, APartThatIsRefusedAbortsTheUploadAndTellsWhy) {
    add_begin();
    http.add({.status = 507, .headers = {}, .body = {}});
    http.add(error_reply(403, "AccessDenied"));  // of the abort
    const auto stored = put(pattern(1'500));
    ASSERT_FALSE(stored.ok());
    EXPECT_EQ(stored.error().kind, ObjectErrorKind::full);  // not what the abort said
    EXPECT_TRUE(aborted());
}

TEST_F(S3PutTest, AnErrorInsideThe200OfACompleteIsAFailure) {
    add_two_parts();
    for (int i = 0; i < 5; ++i) {
        http.add(error_reply(200, "InternalError"));
        http.add({.status = 404, .headers = {}, .body = {}});  // not there
        http.add(error_reply(404, "NoSuchKey"));
    }
    http.add({.status = 204, .headers = {}, .body = {}});
    const auto stored = put(pattern(1'500));
    ASSERT_FALSE(stored.ok());
    EXPECT_EQ(stored.error().kind, ObjectErrorKind::unavailable);
    EXPECT_TRUE(aborted());
    EXPECT_TRUE(http.is_done());
}

TEST_F(S3PutTest, ACompleteThatTimedOutIsDecidedByALook) {
    const auto there = modified(head_reply(1'500, "\"whole-2\""), "Fri, 02 Jan 2026 03:04:05 GMT");
    for (const auto& lost :
         {Reply{.status = 524, .headers = {}, .body = {}}, no_reply(), ok(""), ok("<Compl")}) {
        add_two_parts();
        http.add(lost);
        http.add(there);
        http.add(there);  // the look after every put
        const auto stored = put(pattern(1'500));
        ASSERT_TRUE(stored.ok()) << stored.error().detail;
        EXPECT_EQ(stored->version, "\"whole-2\"");
        EXPECT_TRUE(http.is_done());
    }
}

TEST_F(S3PutTest, AnUploadThatIsGoneWasCompletedIfTheObjectIsThere) {
    const auto there = modified(head_reply(1'500, "\"whole-2\""), "Fri, 02 Jan 2026 03:04:05 GMT");
    add_two_parts();
    http.add({.status = 524, .headers = {}, .body = {}});
    http.add({.status = 404, .headers = {}, .body = {}});
    http.add(error_reply(404, "NoSuchKey"));  // not yet
    http.add(error_reply(404, "NoSuchUpload"));
    http.add(there);
    http.add(there);
    EXPECT_TRUE(put(pattern(1'500)).ok());
    EXPECT_TRUE(http.is_done());
}

TEST_F(S3PutTest, AnOlderObjectOfTheSameSizeIsNotTakenForTheUpload) {
    add_two_parts();
    http.add(error_reply(404, "NoSuchUpload"));
    http.add(modified(head_reply(1'500, "\"old\""), "Fri, 02 Jan 2026 03:03:05 GMT"));
    http.add({.status = 204, .headers = {}, .body = {}});
    EXPECT_FALSE(put(pattern(1'500)).ok());
    EXPECT_TRUE(http.is_done());
}

TEST_F(S3PutTest, ACompleteIsGivenTwiceTheTimeAtEachTry) {
    add_two_parts();
    for (int i = 0; i < 2; ++i) {
        http.add(no_reply());
        http.add({.status = 404, .headers = {}, .body = {}});
        http.add(error_reply(404, "NoSuchKey"));
    }
    http.add(completed("\"w\""));
    http.add(head_reply(1'500, "\"w\""));
    ASSERT_TRUE(put(pattern(1'500)).ok());
    EXPECT_EQ(sent(3).total_timeout, settings.try_timeout);
    EXPECT_GT(sent(6).total_timeout, settings.try_timeout);
}

TEST_F(S3PutTest, WhatIsNotSeenAfterwardsIsLookedForSentAgainAndThenAFailure) {
    http.otherwise = [](const ports::OutgoingRequest& request) {
        return request.method == HttpMethod::put ? put_reply("\"some\"") : error_reply(404, "NoSuchKey");
    };
    const auto stored = put("picture");
    ASSERT_FALSE(stored.ok());
    EXPECT_EQ(stored.error().kind, ObjectErrorKind::unavailable);
    EXPECT_NE(stored.error().detail.find("shows nothing"), std::string::npos) << stored.error().detail;
    EXPECT_EQ(std::count_if(http.requests().begin(), http.requests().end(),
                            [](const auto& request) { return request.method == HttpMethod::put; }),
              3);

    http.otherwise = [](const ports::OutgoingRequest& request) {
        return request.method == HttpMethod::put ? put_reply("\"some\"") : head_reply(3, "\"some\"");
    };
    const auto cut = put("picture");
    ASSERT_FALSE(cut.ok());
    EXPECT_NE(cut.error().detail.find("stored 7 bytes, but shows 3 bytes"), std::string::npos)
        << cut.error().detail;
}

TEST_F(S3PutTest, WhatAppearsAfterAMomentIsASuccess) {
    http.add(put_reply("\"v\""));
    http.add({.status = 404, .headers = {}, .body = {}});
    http.add(error_reply(404, "NoSuchKey"));
    http.add(head_reply(7, "\"v\""));
    EXPECT_TRUE(put("picture").ok());
    ASSERT_EQ(clock.waits().size(), 1u);
    EXPECT_GE(clock.waits()[0], settings.settle_time);
}

TEST_F(S3PutTest, AServerThatNamedTheDigestHadTheBytesEvenIfSomebodyReplacedThemSince) {
    http.add(put_reply('"' + md5_hex("picture") + '"'));
    http.add(head_reply(3, "\"another\""));
    const auto stored = put("picture");
    ASSERT_TRUE(stored.ok()) << stored.error().detail;
    EXPECT_EQ(stored->version, '"' + md5_hex("picture") + '"');  // reading this version will say `changed`
}

// --- files ----------------------------------------------------------------------------------------------

TEST_F(S3PutTest, AFileGoesInOneRequestFromTheDiskAndIsGoneAfterwards) {
    http.add(put_reply("\"v\""));
    http.add(head_reply(4'000, "\"v\""));
    const auto path = file(pattern(4'000));
    const auto stored = store().put_file(output, path);
    ASSERT_TRUE(stored.ok()) << stored.error().detail;
    EXPECT_EQ(stored->sha256, to_hex(sha256(pattern(4'000))));
    ASSERT_TRUE(sent(0).body_file.has_value());
    EXPECT_EQ(sent(0).body_file->path, path);
    EXPECT_EQ(sent(0).body_file->bytes, 4'000u);
    EXPECT_TRUE(sent(0).body.empty());
    EXPECT_EQ(field(sent(0), "content-type"), "image/png");
    EXPECT_EQ(field(sent(0), "x-amz-content-sha256"), stored->sha256);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(S3PutTest, ALargeFileGoesInSlicesOfItself) {
    settings.single_put_bytes = std::uint64_t{1} << 20;
    const auto bytes = pattern((std::size_t{1} << 20) + 5);
    add_two_parts();
    http.add(completed("\"w\""));
    http.add(head_reply(bytes.size(), "\"w\""));
    const auto stored = store().put_file(output, file(bytes));
    ASSERT_TRUE(stored.ok()) << stored.error().detail;
    EXPECT_EQ(stored->sha256, to_hex(sha256(bytes)));
    EXPECT_EQ(sent(1).body_file->offset, 0u);
    EXPECT_EQ(sent(1).body_file->bytes, std::uint64_t{1} << 20);
    EXPECT_EQ(sent(2).body_file->offset, std::uint64_t{1} << 20);
    EXPECT_EQ(sent(2).body_file->bytes, 5u);
    EXPECT_EQ(field(sent(2), "x-amz-content-sha256"), to_hex(sha256(bytes.substr(bytes.size() - 5))));
}

TEST_F(S3PutTest, AFailureKeepsTheFile) {
    http.add(error_reply(403, "AccessDenied"));
    const auto path = file("result");
    EXPECT_EQ(store().put_file(output, path).error().kind, ObjectErrorKind::denied);
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(S3PutTest, WhatIsNoFileIsNotSent) {
    namespace fs = std::filesystem;
    const auto secret = file("secret");
    fs::create_symlink(secret, folder.path() / "link.png");
    EXPECT_EQ(store().put_file(output, folder.path() / "link.png").error().kind,
              ObjectErrorKind::misconfigured);
    EXPECT_EQ(store().put_file(output, folder.path()).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(store().put_file(output, folder.path() / "none.png").error().kind, ObjectErrorKind::missing);
    EXPECT_TRUE(fs::exists(secret));
    EXPECT_TRUE(http.requests().empty());
}

}  // namespace
}  // namespace darkroom::objects
