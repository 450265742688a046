// A presigned URL is good for exactly what it was made for, and for as long.
#include <gtest/gtest.h>

#include "tests/s3/s3_fixture.h"

namespace darkroom::s3 {
namespace {

using ports::HttpMethod;
using ports::OutgoingRequest;
using ports::PresignedRequest;

constexpr Milliseconds a_minute{60'000};

class PresignedTest : public S3Test {
protected:
    void SetUp() override { ASSERT_TRUE(put_bytes(*store_, output_, bytes_).ok()); }

    /// The status that whoever holds the URL is answered.
    int status_of(HttpMethod method, const std::string& url, const ports::HttpFields& headers = {},
                  const std::string& body = "") {
        OutgoingRequest request;
        request.method = method;
        request.url = url;
        request.headers = headers;
        request.body = body;
        const auto answer = store_.http.fetch(request);
        EXPECT_TRUE(answer.ok()) << answer.error().detail;
        return answer.ok() ? answer->status : 0;
    }
    /// A PUT by a client that sends what it was told to.
    int put_status(const PresignedRequest& allowed, const std::string& body) {
        return status_of(HttpMethod::put, allowed.url, allowed.headers, body);
    }
    PresignedRequest for_upload() {
        return store_->presign_put(picture_, {"image/jpeg", bytes_.size(), a_minute});
    }
    PresignedRequest for_download() {
        return store_->presign_get(output_, {"image/png", "out.png", a_minute});
    }
    static std::string with(std::string text, const std::string& what, const std::string& instead) {
        const auto at = text.find(what);
        EXPECT_NE(at, std::string::npos) << text;
        return at == std::string::npos ? text : text.replace(at, what.size(), instead);
    }
    /// With one digit of the signature changed.
    static std::string altered(std::string url) {
        const auto at = url.find("X-Amz-Signature=") + 16;
        url[at] = url[at] == '0' ? '1' : '0';
        return url;
    }
    void expect_nothing_uploaded() {
        const auto head = store_->head(picture_);
        ASSERT_FALSE(head.ok());
        EXPECT_EQ(head.error().kind, ObjectErrorKind::missing) << head.error().detail;
    }

    const std::string bytes_ = pattern(10'000);
    StoreAt store_{direct_settings()};
};

TEST_F(PresignedTest, UrlsServeWhatTheyWereMadeFor) {
    EXPECT_EQ(status_of(HttpMethod::get, for_download().url), 200);
    EXPECT_EQ(put_status(for_upload(), bytes_), 200);
    EXPECT_EQ(read_all(*store_, picture_).value(), bytes_);
    EXPECT_EQ(put_status(for_upload(), bytes_), 200);  // again: the same object
}

TEST_F(PresignedTest, TheyServeNoOtherMethod) {
    const auto get = for_download().url;
    EXPECT_EQ(status_of(HttpMethod::del, get), 403);
    EXPECT_EQ(status_of(HttpMethod::put, get, {}, "replaced"), 403);
    EXPECT_GE(status_of(HttpMethod::post, get, {}, "x"), 400);  // which this server does not even know
    const auto put = for_upload().url;
    EXPECT_EQ(status_of(HttpMethod::get, put, {{"Content-Type", "image/jpeg"}}), 403);
    EXPECT_EQ(status_of(HttpMethod::del, put, {{"Content-Type", "image/jpeg"}}), 403);
    EXPECT_EQ(read_all(*store_, output_).value(), bytes_);
}

TEST_F(PresignedTest, TheyServeNoOtherKeyAndNoOtherBucket) {
    const auto other = ObjectKey::restored(numbered<JobId>(2), numbered<AttemptId>(1), "main", "png");
    ASSERT_TRUE(put_bytes(*store_, other, "secret").ok());
    EXPECT_EQ(status_of(HttpMethod::get, with(for_download().url, output_.str(), other.str())), 403);
    EXPECT_EQ(status_of(HttpMethod::get, with(for_download().url, output_.str(), "")), 403);
    const auto upload = for_upload();
    EXPECT_EQ(
        status_of(HttpMethod::put, with(upload.url, picture_.str(), other.str()), upload.headers, bytes_),
        403);
    EXPECT_EQ(status_of(HttpMethod::get, with(for_download().url, bucket_, server_.new_bucket())), 403);
    EXPECT_EQ(read_all(*store_, other).value(), "secret");
}

TEST_F(PresignedTest, AnUploadHasTheTypeAndTheLengthItWasAllowed) {
    const auto upload = for_upload();
    auto headers = upload.headers;
    bool had_type = false;
    for (auto& [name, value] : headers) {
        if (value != "image/jpeg") continue;
        value = "text/html";
        had_type = true;
    }
    ASSERT_TRUE(had_type);
    EXPECT_EQ(status_of(HttpMethod::put, upload.url, headers, bytes_), 403);
    EXPECT_EQ(status_of(HttpMethod::put, upload.url, {}, bytes_), 403);

    ports::HttpFields type_only = {{"Content-Type", "image/jpeg"}};
    EXPECT_EQ(status_of(HttpMethod::put, upload.url, type_only, bytes_ + "x"), 403);
    EXPECT_EQ(status_of(HttpMethod::put, upload.url, type_only, bytes_.substr(1)), 403);
    EXPECT_EQ(status_of(HttpMethod::put, upload.url, type_only, ""), 403);
    expect_nothing_uploaded();
    EXPECT_EQ(status_of(HttpMethod::put, upload.url, type_only, bytes_), 200);
}

TEST_F(PresignedTest, TheyEnd) {
    store_.clock.set_calendar_off_by(-std::chrono::minutes(5));  // made five minutes ago, for one
    const auto download = for_download();
    const auto upload = for_upload();
    EXPECT_LT(download.expires_at, testing::RealClock().now());
    EXPECT_EQ(status_of(HttpMethod::get, download.url), 403);
    EXPECT_EQ(put_status(upload, bytes_), 403);
    store_.clock.set_calendar_off_by(Milliseconds(0));
    expect_nothing_uploaded();
    EXPECT_EQ(status_of(HttpMethod::get, with(download.url, "X-Amz-Expires=60", "X-Amz-Expires=6000")), 403);
}

TEST_F(PresignedTest, AnAlteredSignatureIsWorthNothing) {
    EXPECT_EQ(status_of(HttpMethod::get, altered(for_download().url)), 403);
    auto upload = for_upload();
    upload.url = altered(upload.url);
    EXPECT_EQ(put_status(upload, bytes_), 403);
    // What a download is called and taken for is signed as well.
    EXPECT_EQ(status_of(HttpMethod::get, with(for_download().url, "image%2Fpng", "text%2Fhtml")), 403);
    expect_nothing_uploaded();
}

TEST_F(PresignedTest, OnlyTheOwnersSecretMakesThem) {
    auto wrong = direct_settings();
    wrong.secret_key = "not-the-secret-of-this-key";
    auto stranger = direct_settings();
    stranger.access_key = server_.stranger().access_key;
    stranger.secret_key = server_.stranger().secret_key;
    for (const auto& settings : {wrong, stranger}) {
        // A stranger's key is looked up among the stranger's buckets, where this one is not there.
        const int refused = settings.access_key == stranger.access_key ? 404 : 403;
        StoreAt other(settings);
        const auto get = other->presign_get(output_, {"image/png", "out.png", a_minute});
        EXPECT_EQ(status_of(HttpMethod::get, get.url), refused);
        const auto put = other->presign_put(picture_, {"image/jpeg", bytes_.size(), a_minute});
        EXPECT_EQ(put_status(put, bytes_), refused);
    }
    expect_nothing_uploaded();
}

TEST_F(PresignedTest, WithoutASignatureNothingIsServed) {
    const auto url = for_download().url;
    EXPECT_NE(status_of(HttpMethod::get, url.substr(0, url.find('?'))), 200);
    EXPECT_NE(status_of(HttpMethod::put, url.substr(0, url.find('?')), {}, "replaced"), 200);
    EXPECT_EQ(read_all(*store_, output_).value(), bytes_);
}

}  // namespace
}  // namespace darkroom::s3
