// A network volume as the only storage: it signs no links, so Darkroom carries the bytes both ways. A client
// that follows method, url and headers does not notice.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/links.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/s3_bucket.h"

namespace darkroom::e2e {
namespace {

using ports::HttpMethod;

class S3Volume : public ::testing::Test {
protected:
    std::string send_picture(const std::string& picture) {
        const auto invitation = invite(client, "mug.png", picture.size());
        EXPECT_EQ(text_at(invitation, "/mode"), "relay") << invitation;
        EXPECT_EQ(text_at(invitation, "/url").rfind(server.url(), 0), 0u) << invitation;
        EXPECT_EQ(accept(invitation, picture), 200);
        return text_at(invitation, "/id");
    }
    boost::json::value succeeded(const std::string& id) {
        auto job = client.ended_job(id);
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        return job;
    }

    S3Bucket bucket;
    ServerProcess server{bucket.volume_settings()};
    ApiClient client = server.client();
};

TEST_F(S3Volume, UploadsAndDownloadsAreRelayedWithTheSameThreeFields) {
    const auto picture = disc_png(64, 48);
    const auto upload = send_picture(picture);
    EXPECT_EQ(bucket.bytes_of("uploaded/" + upload + ".png"), picture);
    const auto job = succeeded(client.create("jpeg_to_png", "{}", upload));
    for (const auto* pointer : {"/outputs/0/url", "/output_urls/0", "/thumbnail_url"})
        EXPECT_EQ(text_at(job, pointer).rfind(server.url(), 0), 0u) << job;
    const auto result = fetch(text_at(job, "/outputs/0/url"));
    EXPECT_EQ(result.status, 200);
    EXPECT_EQ(header_of(result, "Content-Type"), "image/png");
    EXPECT_EQ(header_of(result, "Content-Disposition"), "attachment; filename=\"mug-jpeg_to_png.png\"");
    EXPECT_EQ(to_hex(sha256(result.body)), text_at(job, "/outputs/0/sha256"));
    EXPECT_EQ(decoded_size(fetch(text_at(job, "/thumbnail_url")).body, ".jpg").width, 64);
    EXPECT_EQ(bucket.keys().size(), 3u) << "picture, result and thumbnail are in the volume";
    EXPECT_TRUE(files_under(server.data_dir() / "objects").empty());
    expect_nothing_left(server);
}

TEST_F(S3Volume, ARelayedResultIsReadInParts) {
    const auto job = succeeded(client.create("jpeg_to_png", "{}", send_picture(disc_png(64, 64))));
    const auto url = text_at(job, "/outputs/0/url");
    const auto whole = fetch(url);
    const auto length = std::to_string(whole.body.size());
    const auto etag = header_of(whole, "ETag");
    EXPECT_EQ(header_of(whole, "Accept-Ranges"), "bytes");
    const auto part = fetch(url, {{"Range", "bytes=10-19"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, whole.body.substr(10, 10));
    EXPECT_EQ(header_of(part, "Content-Range"), "bytes 10-19/" + length);
    EXPECT_EQ(fetch(url, {{"Range", "bytes=-7"}}).body, whole.body.substr(whole.body.size() - 7));
    EXPECT_EQ(fetch(url, {{"Range", "bytes=10-19"}, {"If-Range", etag}}).status, 206);
    const auto other = fetch(url, {{"Range", "bytes=10-19"}, {"If-Range", "\"another\""}});
    EXPECT_EQ(other.status, 200);
    EXPECT_EQ(other.body, whole.body);
    const auto beyond = fetch(url, {{"Range", "bytes=99999999-"}});
    EXPECT_EQ(beyond.status, 416);
    const auto head = follow(HttpMethod::head, url);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(header_of(head, "Content-Length"), length);
    EXPECT_EQ(header_of(head, "ETag"), etag);
    EXPECT_TRUE(head.body.empty());
}

TEST_F(S3Volume, AResultThatIsGoneIsToldBeforeItsFirstByte) {
    const auto job = succeeded(client.create("jpeg_to_png", "{}", send_picture(disc_png(64, 64))));
    const auto key = "restored/" + text_at(job, "/id") + "/" + text_at(job, "/selected_attempt_id") + ".png";
    bucket.remove(key);
    const auto gone = client.get(target_of(text_at(job, "/outputs/0/url")));
    expect_problem(gone, 404, "not_found");
    EXPECT_EQ(gone.body().find(key), std::string::npos) << "a name of the store in an answer";
}

TEST_F(S3Volume, ARelayedUploadIsRefusedAtTheDoor) {
    const std::string page = "<!DOCTYPE html><html></html>";
    const auto invitation = invite(client, "a.png", page.size());
    expect_problem(client.call("PUT", target_of(text_at(invitation, "/url")), page), 415,
                   "input_unsupported_format");
    expect_problem(client.call("PUT", target_of(text_at(invitation, "/url")), page + "!"), 413, "too_large");
    EXPECT_TRUE(bucket.keys().empty());
}

}  // namespace
}  // namespace darkroom::e2e
