// What each operation asks of the server, and what it makes of answers that are wrong, late or hostile.
#include "objects/s3/s3_object_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "objects/s3/md5.h"
#include "objects/s3/testing/store_fixture.h"

namespace darkroom::objects {
namespace {

using ports::HttpMethod;
using ports::ObjectErrorKind;
using std::chrono::minutes;

class S3ObjectStoreTest : public StoreFixture {
protected:
    ports::ObjectResult<ports::ObjectPage> list(const std::string& page = "") {
        return store().list("uploaded/", page, 100);
    }
    static Reply listing(const std::string& inside) {
        return ok("<ListBucketResult>" + inside + "</ListBucketResult>");
    }
    static std::string listed(const std::string& key) {
        return "<Contents><Key>" + key +
               "</Key><Size>1</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>";
    }
};

// --- capabilities, heads, copies ------------------------------------------------------------------------

TEST_F(S3ObjectStoreTest, WhatAVolumeCannotDoItDoesNotClaim) {
    EXPECT_TRUE(store().capabilities().presigns && store().capabilities().removes_many);
    EXPECT_EQ(store().capabilities().put_bytes_max, std::uint64_t{5} << 30);
    settings = network_volume_settings("vol1", "http://s3.example", "EU-RO-1");
    settings.access_key = settings.secret_key = "x";
    reopen();
    EXPECT_FALSE(store().capabilities().presigns || store().capabilities().removes_many);
    EXPECT_TRUE(store().capabilities().copies);
    EXPECT_EQ(store().capabilities().put_bytes_max, 500'000'000u);
}

TEST_F(S3ObjectStoreTest, AHeadTellsSizeVersionAndTime) {
    http.add({.status = 200,
              .headers = {{"Content-Length", "12"},
                          {"ETag", "\"v1\""},
                          {"Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT"}},
              .body = {}});
    const auto head = store().head(picture);
    ASSERT_TRUE(head.ok());
    EXPECT_EQ(head->bytes, 12u);
    EXPECT_EQ(head->version, "\"v1\"");
    EXPECT_EQ(format_rfc3339(head->modified_at), "2026-01-02T03:04:05.000Z");
    EXPECT_EQ(head->sha256, "");
}

TEST_F(S3ObjectStoreTest, ACopyNamesItsSourceAndAnErrorInItsAnswerIsAFailure) {
    http.add(error_reply(200, "InternalError"));
    http.add(ok("<CopyObjectResult><ETag>\"c\"</ETag></CopyObjectResult>"));
    http.add(head_reply(7, "\"c\""));
    const auto copied = store().copy(picture, output);
    ASSERT_TRUE(copied.ok()) << copied.error().detail;
    EXPECT_EQ(copied->bytes, 7u);
    EXPECT_EQ(copied->version, "\"c\"");
    EXPECT_EQ(field(sent(1), "x-amz-copy-source"), "/photos/" + picture.str());
    EXPECT_EQ(sent(1).idle_timeout, Milliseconds{0});  // the server copies in silence

    http.add(error_reply(404, "NoSuchKey"));
    EXPECT_EQ(store().copy(picture, output).error().kind, ObjectErrorKind::missing);
}

// --- removing -------------------------------------------------------------------------------------------

TEST_F(S3ObjectStoreTest, RemovingWhatIsNotThereIsASuccessButWithoutABucketItIsNot) {
    http.add({.status = 204, .headers = {}, .body = {}});
    http.add(error_reply(404, "NoSuchKey"));
    http.add(error_reply(404, "NoSuchBucket"));
    EXPECT_TRUE(store().remove(picture).ok());
    EXPECT_TRUE(store().remove(picture).ok());
    EXPECT_EQ(store().remove(picture).error().kind, ObjectErrorKind::misconfigured);
}

TEST_F(S3ObjectStoreTest, ManyAreRemovedAThousandAtATimeWithADigestOfTheList) {
    http.otherwise = [](const auto&) { return ok("<DeleteResult/>"); };
    const std::vector<core::ObjectKey> keys(2'001, picture);
    ASSERT_TRUE(store().remove_many(keys).ok());
    ASSERT_EQ(http.requests().size(), 3u);
    EXPECT_EQ(sent(0).url, "http://s3.example:9000/photos?delete=");
    EXPECT_EQ(field(sent(0), "content-md5"), content_md5(sent(0).body));
    EXPECT_EQ(content_md5(""), "1B2M2Y8AsgTpgAmY7PhCfg==");
    EXPECT_TRUE(store().remove_many({}).ok());
    EXPECT_EQ(http.requests().size(), 3u);
}

TEST_F(S3ObjectStoreTest, KeysThatAreNotRemovedAreSentAgainOrTold) {
    const auto fault = [](const core::ObjectKey& key, const std::string& code) {
        return "<Error><Key>" + key.str() + "</Key><Code>" + code + "</Code></Error>";
    };
    http.add(ok("<DeleteResult>" + fault(picture, "InternalError") + fault(output, "NoSuchKey") +
                "</DeleteResult>"));
    http.add(ok("<DeleteResult/>"));
    const core::ObjectKey keys[] = {picture, output};
    ASSERT_TRUE(store().remove_many(keys).ok());
    EXPECT_NE(sent(1).body.find(picture.str()), std::string::npos);
    EXPECT_EQ(sent(1).body.find(output.str()), std::string::npos);

    http.add(ok("<DeleteResult>" + fault(output, "AccessDenied") + "</DeleteResult>"));
    const auto denied = store().remove_many(keys);
    ASSERT_FALSE(denied.ok());
    EXPECT_EQ(denied.error().kind, ObjectErrorKind::denied);
    EXPECT_NE(denied.error().detail.find(output.str()), std::string::npos);

    http.otherwise = [&](const auto&) {
        return ok("<DeleteResult>" + fault(picture, "SlowDown") + "</DeleteResult>");
    };
    EXPECT_EQ(store().remove_many(keys).error().kind, ObjectErrorKind::unavailable);
}

TEST_F(S3ObjectStoreTest, AStoreThatRemovesOneByOneDoes) {
    settings.removes_many = false;
    http.otherwise = [](const auto&) { return Reply{.status = 204, .headers = {}, .body = {}}; };
    const core::ObjectKey keys[] = {picture, output};
    ASSERT_TRUE(store().remove_many(keys).ok());
    EXPECT_EQ(http.requests().size(), 2u);
    EXPECT_EQ(sent(1).method, HttpMethod::del);
}

// --- listing --------------------------------------------------------------------------------------------

TEST_F(S3ObjectStoreTest, AListingIsGoneThroughPageByPage) {
    http.add(listing("<IsTruncated>true</IsTruncated><NextContinuationToken>a/b+c=</NextContinuationToken>" +
                     listed("uploaded/1")));
    http.add(listing("<IsTruncated>false</IsTruncated>" + listed("uploaded/2")));
    const auto first = list();
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first->next, "a/b+c=");
    const auto second = list(first->next);
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(second->next, "");
    EXPECT_EQ(second->objects.front().key, "uploaded/2");
    EXPECT_EQ(sent(0).url,
              "http://s3.example:9000/photos?encoding-type=url&list-type=2&max-keys=100&prefix=uploaded%2F");
    EXPECT_NE(sent(1).url.find("continuation-token=a%2Fb%2Bc%3D&"), std::string::npos);
}

TEST_F(S3ObjectStoreTest, AListingThatRunsInCirclesIsAskedAgainAndThenAnError) {
    const std::string more = "<IsTruncated>true</IsTruncated>";
    const std::string token = "<NextContinuationToken>t</NextContinuationToken>";
    const std::pair<std::string, const char*> circles[] = {
        {more + token + listed("uploaded/1"), "repeats its token"},
        {more + listed("uploaded/1"), "does not say where"},
        {more + "<NextContinuationToken>u</NextContinuationToken>", "gives nothing"}};
    for (const auto& [inside, said] : circles) {
        const auto begin = http.requests().size();
        http.otherwise = [&, text = inside](const auto&) { return listing(text); };
        const auto page = list("t");
        ASSERT_FALSE(page.ok()) << said;
        EXPECT_EQ(page.error().kind, ObjectErrorKind::unavailable);
        EXPECT_NE(page.error().detail.find(said), std::string::npos) << page.error().detail;
        EXPECT_EQ(http.requests().size() - begin, 3u);
    }
    // A volume does so for a moment.
    http.add(listing(more + token + listed("uploaded/1")));
    http.add(listing("<IsTruncated>false</IsTruncated>" + listed("uploaded/2")));
    EXPECT_TRUE(list("t").ok());
}

TEST_F(S3ObjectStoreTest, FoldersAndWhatTheServerKeepsForItselfAreNotListed) {
    http.add(listing("<IsTruncated>false</IsTruncated>" + listed("uploaded/") + listed("uploaded/1") +
                     listed(".s3compat_uploads/abc/1")));
    const auto page = list();
    ASSERT_TRUE(page.ok());
    ASSERT_EQ(page->objects.size(), 1u);
    EXPECT_EQ(page->objects[0].key, "uploaded/1");
}

// --- uploads that nobody finished -----------------------------------------------------------------------

std::string upload(const std::string& key, const std::string& id, const std::string& begun) {
    return "<Upload><Key>" + key + "</Key><UploadId>" + id + "</UploadId><Initiated>" + begun +
           "</Initiated></Upload>";
}

TEST_F(S3ObjectStoreTest, OnlyOldUploadsOfDarkroomsAreAborted) {
    const auto uploads = [&](const std::string& inside, bool more) {
        return ok("<ListMultipartUploadsResult><IsTruncated>" + std::string(more ? "true" : "false") +
                  "</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>i</NextUploadIdMarker>" +
                  inside + "</ListMultipartUploadsResult>");
    };
    const auto old = "2026-01-01T00:00:00.000Z";
    const auto inside = upload(picture.str(), "mine", old) + upload("holiday.jpg", "stranger's", old) +
                        upload(output.str(), "young", "2026-01-02T03:00:00.000Z") +
                        upload(output.str(), "ageless", "yesterday");
    const auto before = *parse_rfc3339("2026-01-02T00:00:00Z");
    http.add(uploads(inside, false));
    EXPECT_EQ(store().remove_unfinished(before, true).value(), 1);
    EXPECT_EQ(http.requests().size(), 1u);

    http.add(uploads(inside, true));
    http.add({.status = 204, .headers = {}, .body = {}});
    http.add(uploads(upload(output.str(), "gone", old), true));  // the same markers again: the end
    http.add(error_reply(404, "NoSuchUpload"));
    EXPECT_EQ(store().remove_unfinished(before, false).value(), 2);
    EXPECT_EQ(sent(2).method, HttpMethod::del);
    EXPECT_NE(sent(2).url.find(picture.str() + "?uploadId=mine"), std::string::npos);
    EXPECT_NE(sent(3).url.find("key-marker=k&"), std::string::npos);
    EXPECT_NE(sent(3).url.find("upload-id-marker=i"), std::string::npos);
    EXPECT_TRUE(http.is_done());
}

// --- presigning -----------------------------------------------------------------------------------------

TEST_F(S3ObjectStoreTest, AnUploadUrlBindsTypeAndLength) {
    const auto put = store().presign_put(picture, {"image/jpeg", 482'113, minutes(5) + Milliseconds{999}});
    const ports::HttpFields headers = {{"Content-Type", "image/jpeg"}, {"Content-Length", "482113"}};
    EXPECT_EQ(put.headers, headers);
    EXPECT_TRUE(put.url.starts_with("http://s3.example:9000/photos/" + picture.str() + "?X-Amz-Algorithm="))
        << put.url;
    EXPECT_NE(put.url.find("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&"), std::string::npos);
    EXPECT_NE(put.url.find("X-Amz-Expires=300&"), std::string::npos);
    EXPECT_EQ(put.expires_at, clock.now() + minutes(5));
    EXPECT_EQ(put.url.find(settings.secret_key), std::string::npos);
    EXPECT_TRUE(http.requests().empty());
}

TEST_F(S3ObjectStoreTest, ADownloadUrlSaysWhatTheBrowserMakesOfIt) {
    const auto get = store().presign_get(output, {"image/png", "Schuh \"neu\"/ü.png", minutes(1)});
    EXPECT_NE(get.url.find("response-content-type=image%2Fpng"), std::string::npos) << get.url;
    EXPECT_NE(
        get.url.find("response-content-disposition=attachment%3B%20filename%3D%22Schuh%20_neu___"
                     "_.png%22%3B%20filename%2A%3DUTF-8%27%27Schuh%2520%2522neu%2522%252F%25C3%25BC.png"),
        std::string::npos)
        << get.url;
    EXPECT_TRUE(get.headers.empty());
    const auto plain = store().presign_get(output, {"", "out.png", minutes(1)});
    EXPECT_NE(plain.url.find("attachment%3B%20filename%3D%22out.png%22&"), std::string::npos) << plain.url;
}

TEST_F(S3ObjectStoreTest, AUrlIsSignedByTheServersClockAndItsEndIsToldByOurs) {
    auto head = head_reply(1, "\"v\"");
    head.headers.emplace_back("Date", "Fri, 02 Jan 2026 05:04:05 GMT");  // two hours ahead
    http.add(head);
    ASSERT_TRUE(store().head(picture).ok());
    EXPECT_EQ(store().clock_offset(), std::chrono::hours(2));
    const auto get = store().presign_get(output, {"", "x", minutes(5)});
    EXPECT_NE(get.url.find("X-Amz-Date=20260102T050405Z"), std::string::npos) << get.url;
    EXPECT_EQ(get.expires_at, clock.now() + minutes(5));
}

TEST_F(S3ObjectStoreTest, NoUrlLivesLongerThanS3AllowsOrShorterThanASecond) {
    EXPECT_NE(store().presign_get(output, {"", "x", minutes(60 * 24 * 30)}).url.find("X-Amz-Expires=604800&"),
              std::string::npos);
    EXPECT_NE(store().presign_get(output, {"", "x", Milliseconds{1}}).url.find("X-Amz-Expires=1&"),
              std::string::npos);
}

// --- check ----------------------------------------------------------------------------------------------

TEST_F(S3ObjectStoreTest, ACheckTellsTheFaultsApart) {
    http.add(listing("<IsTruncated>false</IsTruncated>"));
    EXPECT_TRUE(store().check().ok());
    const std::tuple<int, const char*, ObjectErrorKind, const char*> faults[] = {
        {404, "NoSuchBucket", ObjectErrorKind::misconfigured, "S3_BUCKET"},
        {403, "SignatureDoesNotMatch", ObjectErrorKind::denied, "AWS_SECRET_ACCESS_KEY"},
        {403, "InvalidAccessKeyId", ObjectErrorKind::denied, "AWS_ACCESS_KEY_ID"},
        {403, "RequestTimeTooSkewed", ObjectErrorKind::misconfigured, "clock"},
        {301, "PermanentRedirect", ObjectErrorKind::misconfigured, "AWS_REGION"}};
    for (const auto& [status, code, kind, said] : faults) {
        http.add(error_reply(status, code));
        const auto checked = store().check();
        ASSERT_FALSE(checked.ok());
        EXPECT_EQ(static_cast<int>(checked.error().kind), static_cast<int>(kind)) << code;
        EXPECT_NE(checked.error().detail.find(said), std::string::npos) << checked.error().detail;
    }
    http.otherwise = [](const auto&) { return ok("<html>Welcome</html>"); };
    EXPECT_FALSE(store().check().ok());
    EXPECT_EQ(store().region(), "us-east-1");
}

}  // namespace
}  // namespace darkroom::objects
