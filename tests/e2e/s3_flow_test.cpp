// The way of a job with its pictures in a bucket: the client talks to the store itself, by links that are
// made fresh for each answer and kept nowhere.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/links.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/s3_bucket.h"

namespace darkroom::e2e {
namespace {

class S3Flow : public ::testing::Test {
protected:
    std::string job_with(const std::string& upload) { return client.create("jpeg_to_png", "{}", upload); }
    boost::json::value succeeded(const std::string& id) {
        auto job = client.ended_job(id);
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        return job;
    }
    bool is_the_stores(const std::string& url) const { return url.rfind(bucket.endpoint() + "/", 0) == 0; }
    void expect_no_picture_on_this_machine() const {
        for (const auto* folder : {"objects", "incoming", "work"})
            EXPECT_TRUE(eventually([&] { return files_under(server.data_dir() / folder).empty(); }))
                << files_under(server.data_dir() / folder).front();
    }

    Settings talkative() const {
        auto settings = bucket.settings();
        settings["DARKROOM_LOG_LEVEL"] = "debug";
        return settings;
    }

    S3Bucket bucket;
    ServerProcess server{talkative()};
    ApiClient client = server.client();
};

TEST_F(S3Flow, APictureGoesIntoTheStoreAndItsResultComesOutOfIt) {
    const auto picture = disc_png(96, 64);
    const auto invitation = invite(client, "red shoe.png", picture.size());
    EXPECT_EQ(text_at(invitation, "/mode"), "presigned");
    EXPECT_EQ(text_at(invitation, "/state"), "pending");
    EXPECT_TRUE(is_the_stores(text_at(invitation, "/url"))) << invitation;
    ASSERT_EQ(accept(invitation, picture), 200);
    const auto upload = text_at(invitation, "/id");
    const auto job = succeeded(client.create("jpeg_to_png", R"({"key":"#ffffff"})", upload));
    EXPECT_EQ(text_at(job, "/inputs/0/sha256"), to_hex(sha256(picture)));
    EXPECT_EQ(text_at(job, "/inputs/0/name"), "red shoe.png");

    const auto url = text_at(job, "/outputs/0/url");
    ASSERT_TRUE(is_the_stores(url)) << url;
    const auto result = fetch(url);
    ASSERT_EQ(result.status, 200) << result.body;
    EXPECT_EQ(header_of(result, "Content-Type"), "image/png");
    EXPECT_EQ(header_of(result, "Content-Disposition"), "attachment; filename=\"red shoe-jpeg_to_png.png\"");
    EXPECT_EQ(to_hex(sha256(result.body)), text_at(job, "/outputs/0/sha256"));
    const auto size = decoded_size(result.body, ".png");
    EXPECT_EQ(size.width, 96);
    EXPECT_EQ(size.channels, 4) << "the white was to become transparent";
    const auto thumbnail = fetch(text_at(job, "/thumbnail_url"));
    EXPECT_EQ(header_of(thumbnail, "Content-Type"), "image/jpeg");
    EXPECT_GT(decoded_size(thumbnail.body, ".jpg").width, 0);

    const auto id = text_at(job, "/id");
    const auto attempt = text_at(job, "/selected_attempt_id");
    const std::vector<std::string> expected{"restored/" + id + "/" + attempt + ".png",
                                            "thumbnails/" + id + ".jpg", "uploaded/" + upload + ".png"};
    EXPECT_EQ(bucket.keys(), expected);
    expect_no_picture_on_this_machine();
    expect_nothing_left(server);
}

TEST_F(S3Flow, LinksAreFreshInEachAnswerAndKeptNowhere) {
    const auto id = job_with(upload_directly(client, disc_png(48, 48)));
    (void)succeeded(id);
    const auto url_now = [&] { return text_at(client.job(id), "/outputs/0/url"); };
    const auto first = url_now();
    EXPECT_EQ(fetch(first).status, 200);
    // A signature names its second.
    EXPECT_TRUE(eventually([&] { return url_now() != first; })) << "a link that is kept: " << first;
    EXPECT_EQ(fetch(url_now()).status, 200);
    const auto events = client.get("/api/v1/jobs/" + id + "/events").body();
    EXPECT_EQ(events.find("X-Amz-"), std::string::npos) << events;
    EXPECT_EQ(server.terminate().code, 0);
    for (const auto& file : files_under(server.data_dir())) {
        const auto bytes = testing::read_file(file);
        EXPECT_EQ(bytes.find("X-Amz-Signature"), std::string::npos) << "a link is kept in " << file;
        EXPECT_EQ(bytes.find(bucket.server().owner().secret_key), std::string::npos) << file;
    }
    EXPECT_EQ(server.log().find("X-Amz-Signature"), std::string::npos) << server.log();
    EXPECT_EQ(server.log().find(bucket.server().owner().secret_key), std::string::npos);
}

TEST_F(S3Flow, WhoDoesNotSayHowLongThePictureIsSendsItThroughDarkroom) {
    const auto picture = disc_png(40, 40);
    for (const std::string body :
         {R"({"filename":"a.png"})", R"({"bytes":5000,"filename":"no-ending"})", "{}"}) {
        const auto invitation = client.post("/api/v1/uploads", body).json();
        EXPECT_EQ(text_at(invitation, "/mode"), "relay") << invitation;
        EXPECT_EQ(text_at(invitation, "/url").rfind(server.url(), 0), 0u) << invitation;
        ASSERT_EQ(accept(invitation, picture), 200);
        const auto upload = text_at(invitation, "/id");
        EXPECT_EQ(bucket.bytes_of("uploaded/" + upload + ".png"), picture);
        (void)succeeded(job_with(upload));
    }
    expect_no_picture_on_this_machine();
}

TEST_F(S3Flow, AFormNeedsNoStepOfItsOwnForTheUpload) {
    const auto picture = disc_png(64, 64);
    const auto form = make_form("mug.png", picture, {{"type", "jpeg_to_png"}});
    const auto reply = client.call("POST", "/api/v1/jobs", form.body,
                                   {{"Content-Type", form.content_type}, {"Prefer", "wait=30"}});
    ASSERT_EQ(reply.status, 200) << reply.body();
    EXPECT_EQ(text_at(reply.json(), "/status"), "SUCCEEDED") << reply.body();
    EXPECT_EQ(fetch(text_at(reply.json(), "/output_urls/0")).status, 200);
    expect_no_picture_on_this_machine();
}

TEST_F(S3Flow, AResultIsReadInParts) {
    const auto job = succeeded(job_with(upload_directly(client, disc_png(64, 64))));
    const auto url = text_at(job, "/outputs/0/url");
    const auto whole = fetch(url).body;
    const auto part = fetch(url, {{"Range", "bytes=10-19"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, whole.substr(10, 10));
    EXPECT_EQ(header_of(part, "Content-Range"), "bytes 10-19/" + std::to_string(whole.size()));
    EXPECT_EQ(fetch(url, {{"Range", "bytes=-5"}}).body, whole.substr(whole.size() - 5));
    EXPECT_EQ(fetch(url, {{"Range", "bytes=999999-"}}).status, 416);
}

TEST_F(S3Flow, ARepeatedRequestIsTheSameJob) {
    const auto upload = upload_directly(client, disc_png(40, 40));
    const auto body = job_request("jpeg_to_png", "{}", upload);
    const ports::HttpFields key{{"Idempotency-Key", "order-17"}};
    const auto first = client.post("/api/v1/jobs", body, key);
    ASSERT_EQ(first.status, 201) << first.body();
    const auto id = text_at(first.json(), "/id");
    (void)succeeded(id);
    const auto again = client.post("/api/v1/jobs", body, key);
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
    EXPECT_EQ(text_at(again.json(), "/id"), id);
    EXPECT_EQ(fetch(text_at(again.json(), "/outputs/0/url")).status, 200) << "a link of this answer";
    expect_problem(client.post("/api/v1/jobs", job_request("upscale_2k", "{}", upload), key), 422,
                   "idempotency_key_reused");
}

TEST_F(S3Flow, ACancelledJobLeavesItsPictureForARetry) {
    ServerProcess slow([&] {
        auto settings = bucket.settings();
        settings["MAX_INFLIGHT"] = "1";
        return settings;
    }());
    const auto app = slow.client();
    const auto upload = upload_directly(app, disc_png(48, 48));
    (void)app.ended_job(app.create("jpeg_to_png", "{}", upload));  // starts the worker
    slow.freeze_workers();
    const auto id = app.create("jpeg_to_png", "{}", upload);
    (void)app.job_in(id, "RUNNING");
    EXPECT_EQ(app.post("/api/v1/jobs/" + id + "/cancel").status, 200);
    slow.thaw_workers();
    EXPECT_EQ(text_at(app.ended_job(id), "/status"), "CANCELLED");
    EXPECT_TRUE(items_at(app.job(id), "/outputs").empty());
    EXPECT_EQ(app.post("/api/v1/jobs/" + id + "/retry").status, 202);
    const auto job = app.ended_job(id);
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(fetch(text_at(job, "/outputs/0/url")).status, 200);
}

}  // namespace
}  // namespace darkroom::e2e
