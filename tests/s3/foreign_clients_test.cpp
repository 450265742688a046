// What others write we read, what we write they read, and the URLs of either side serve the other.
#include "tests/s3/foreign_clients.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/s3/s3_fixture.h"

namespace darkroom::s3 {
namespace {

constexpr std::size_t in_parts = (8u << 20) + 4'321;

class ForeignClientsTest : public S3Test {
protected:
    ForeignClients others_{bucket_};
    StoreAt store_{direct_settings()};
};

TEST_F(ForeignClientsTest, WhatBoto3PutsWeRead) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{100'000}, in_parts}) {
        SCOPED_TRACE(size);
        const auto bytes = pattern(size);
        const auto theirs =
            others_.boto3("put", {picture_.str(), others_.file("in", bytes).string(), "image/jpeg"});
        const auto head = store_->head(picture_);
        ASSERT_TRUE(head.ok()) << head.error().detail;
        EXPECT_EQ(head->bytes, size);
        EXPECT_NE(text_of(theirs, "etag").find(head->version), std::string::npos);
        EXPECT_TRUE(read_all(*store_, picture_).value() == bytes);
    }
}

TEST_F(ForeignClientsTest, WhatWePutBoto3ReadsWithItsType) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{100'000}, in_parts}) {
        SCOPED_TRACE(size);
        const auto bytes = pattern(size, 2);
        ASSERT_TRUE(put_bytes(*store_, output_, bytes).ok());
        const auto copy = others_.file("out");
        const auto theirs = others_.boto3("get", {output_.str(), copy.string()});
        EXPECT_TRUE(testing::read_file(copy) == bytes);
        EXPECT_EQ(text_of(theirs, "content_type"), "image/png");
        // An object of parts tells how many, which is how we know that it went in parts.
        EXPECT_EQ(text_of(theirs, "etag").ends_with("-2\""), size == in_parts) << text_of(theirs, "etag");
    }
}

TEST_F(ForeignClientsTest, AFileThatWePutInPartsIsWholeForBoto3) {
    auto settings = direct_settings();
    settings.part_bytes = settings.single_put_bytes = std::uint64_t{5} << 20;
    StoreAt store(settings);
    const auto bytes = pattern((10u << 20) + 1);
    const auto put = store->put_file(output_, file("large", bytes));
    ASSERT_TRUE(put.ok()) << put.error().detail;
    const auto copy = others_.file("out");
    const auto theirs = others_.boto3("get", {output_.str(), copy.string()});
    EXPECT_TRUE(testing::read_file(copy) == bytes);
    EXPECT_TRUE(text_of(theirs, "etag").ends_with("-3\"")) << text_of(theirs, "etag");
    EXPECT_NE(text_of(theirs, "etag").find(put->version), std::string::npos);
}

TEST_F(ForeignClientsTest, TheAwsCommandLineAndWeReadEachOther) {
    const auto theirs = pattern(200'000, 3);
    const auto up = others_.aws({"cp", others_.file("up.jpg", theirs).string(), "s3://" + picture_.str()});
    ASSERT_EQ(up.code, 0) << up.err;
    EXPECT_TRUE(read_all(*store_, picture_).value() == theirs);

    const auto ours = pattern(300'000, 4);
    ASSERT_TRUE(put_bytes(*store_, output_, ours).ok());
    const auto copy = others_.file("down.png");
    const auto down = others_.aws({"cp", "s3://" + output_.str(), copy.string()});
    ASSERT_EQ(down.code, 0) << down.err;
    EXPECT_TRUE(testing::read_file(copy) == ours);
}

TEST_F(ForeignClientsTest, ListingsAgree) {
    others_.boto3("put_many", {"probe/", "25"});
    others_.boto3("put_key", {"probe/a+b & c%20d/é<\">.txt", "x"});
    others_.boto3("put_key", {"elsewhere/x", "x"});
    std::vector<std::string> ours;
    std::string page;
    int pages = 0;
    do {
        const auto listed = store_->list("probe/", page, 10);
        ASSERT_TRUE(listed.ok()) << listed.error().detail;
        EXPECT_LE(listed->objects.size(), 10u);
        for (const auto& object : listed->objects) {
            ours.push_back(object.key);
            EXPECT_NE(object.modified_at, TimePoint{});
        }
        page = listed->next;
    } while (!page.empty() && ++pages < 10);
    auto theirs = texts_of(others_.boto3("list_keys", {"probe/"}), "keys");
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    EXPECT_EQ(ours.size(), 26u);
    EXPECT_EQ(ours, theirs);
}

TEST_F(ForeignClientsTest, WhatWeRemoveIsGoneForThem) {
    ASSERT_TRUE(put_bytes(*store_, picture_, "x").ok());
    ASSERT_TRUE(put_bytes(*store_, output_, "y").ok());
    const std::vector<ObjectKey> keys = {picture_, output_, ObjectKey::thumbnail(numbered<JobId>(9))};
    const auto removed = store_->remove_many(keys);
    ASSERT_TRUE(removed.ok()) << removed.error().detail;
    EXPECT_TRUE(texts_of(others_.boto3("list_keys", {""}), "keys").empty());
}

TEST_F(ForeignClientsTest, CurlAndPythonDownloadByOurUrls) {
    const auto bytes = pattern(150'000);
    ASSERT_TRUE(put_bytes(*store_, output_, bytes).ok());
    const auto signed_url =
        store_->presign_get(output_, {"image/png", "my shoe \"№ 1\".png", std::chrono::minutes(1)});
    EXPECT_TRUE(signed_url.headers.empty());

    const auto copy = others_.file("curl");
    const auto curl = others_.curl({"--dump-header", "-", "--output", copy.string(), signed_url.url});
    ASSERT_EQ(curl.code, 0) << curl.err << testing::read_file(copy);
    EXPECT_TRUE(testing::read_file(copy) == bytes);
    EXPECT_NE(curl.out.find("image/png"), std::string::npos) << curl.out;
    EXPECT_NE(curl.out.find("attachment"), std::string::npos) << curl.out;

    const auto python = others_.boto3("fetch_url", {signed_url.url, others_.file("python").string()});
    EXPECT_TRUE(text_of(python, "disposition").starts_with("attachment")) << text_of(python, "disposition");
}

TEST_F(ForeignClientsTest, CurlAndPythonUploadByOurUrls) {
    const auto bytes = pattern(150'000, 5);
    const auto source = others_.file("source", bytes).string();
    for (const bool with_curl : {true, false}) {
        const auto request =
            store_->presign_put(picture_, {"image/jpeg", bytes.size(), std::chrono::minutes(1)});
        std::vector<std::string> lines;
        for (const auto& [name, value] : request.headers) {
            if (name != "Host" && name != "host")
                lines.push_back(std::string(name).append(": ").append(value));
        }
        if (with_curl) {
            std::vector<std::string> arguments = {"--upload-file", source, request.url};
            for (const auto& line : lines) arguments.insert(arguments.end(), {"--header", line});
            const auto curl = others_.curl(arguments);
            ASSERT_EQ(curl.code, 0) << curl.err << curl.out;
        } else {
            std::vector<std::string> arguments = {request.url, source};
            arguments.insert(arguments.end(), lines.begin(), lines.end());
            others_.boto3("put_url", arguments);
        }
        EXPECT_TRUE(read_all(*store_, picture_).value() == bytes);
        EXPECT_EQ(text_of(others_.boto3("head", {picture_.str()}), "content_type"), "image/jpeg");
        ASSERT_TRUE(store_->remove(picture_).ok());
    }
}

TEST_F(ForeignClientsTest, WeUseTheUrlsOfBoto3) {
    const auto bytes = pattern(70'000, 6);
    ports::OutgoingRequest request;
    request.method = ports::HttpMethod::put;
    request.url = text_of(others_.boto3("presign_put", {picture_.str(), "image/jpeg"}), "url");
    request.headers = {{"Content-Type", "image/jpeg"}};
    request.body = bytes;
    const auto put = store_.http.fetch(request);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_EQ(put->status, 200) << put->body;

    ports::OutgoingRequest get;
    get.url = text_of(others_.boto3("presign_get", {picture_.str()}), "url");
    const auto got = store_.http.fetch(get);
    ASSERT_TRUE(got.ok()) << got.error().detail;
    EXPECT_TRUE(got->body == bytes);
}

TEST_F(ForeignClientsTest, UploadsThatOthersLeftUnfinishedAreFoundAndRemoved) {
    const auto part = others_.file("part", pattern(5u << 20)).string();
    others_.boto3("begin_upload", {picture_.str(), part});
    others_.boto3("begin_upload", {output_.str(), part});
    const auto now = store_.clock.now();
    EXPECT_EQ(store_->remove_unfinished(now - std::chrono::hours(1), false).value(), 0);
    EXPECT_EQ(store_->remove_unfinished(now + std::chrono::hours(1), true).value(), 2);
    EXPECT_EQ(texts_of(others_.boto3("list_uploads", {}), "keys").size(), 2u);
    EXPECT_EQ(store_->remove_unfinished(now + std::chrono::hours(1), false).value(), 2);
    EXPECT_TRUE(texts_of(others_.boto3("list_uploads", {}), "keys").empty());
}

}  // namespace
}  // namespace darkroom::s3
