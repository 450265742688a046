// What clients do wrong when they put pictures into the store themselves (F-E06), and what a picture that is
// replaced behind Darkroom's back does (F-E05).
#include <gtest/gtest.h>

#include "base/digest.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/links.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/s3_bucket.h"

namespace darkroom::e2e {
namespace {

class S3Uploads : public ::testing::Test {
protected:
    Settings with(const std::string& name, const std::string& value) {
        auto settings = bucket.settings();
        settings[name] = value;
        return settings;
    }
    static Reply complete(const ApiClient& client, const std::string& upload) {
        return client.post("/api/v1/uploads/" + upload + "/complete");
    }
    static Reply create(const ApiClient& client, const std::string& upload) {
        return client.post("/api/v1/jobs", job_request("jpeg_to_png", "{}", upload));
    }
    static void expect_pointed_at(const Reply& reply, const std::string& pointer) {
        EXPECT_EQ(text_at(reply.json(), "/errors/0/pointer"), pointer) << reply.body();
    }
    static std::string key_of(const boost::json::value& invitation) {
        return "uploaded/" + text_at(invitation, "/id") + ".png";
    }

    S3Bucket bucket;
};

TEST_F(S3Uploads, WhatWasNeverSentIsToldAndMayStillBeSent) {
    const ServerProcess server(bucket.settings());
    const auto client = server.client();
    const auto picture = disc_png(40, 40);
    const auto invitation = invite(client, "a.png", picture.size());
    const auto upload = text_at(invitation, "/id");
    const auto early = create(client, upload);
    expect_problem(early, 422, "upload_not_sent");
    expect_pointed_at(early, "/inputs/0/upload");
    expect_problem(complete(client, upload), 422, "upload_not_sent");
    ASSERT_EQ(accept(invitation, picture), 200);
    EXPECT_EQ(create(client, upload).status, 201);
}

TEST_F(S3Uploads, TheLastPictureThatWasSentBeforeItsUseCounts) {
    const ServerProcess server(bucket.settings());
    const auto client = server.client();
    const auto first = disc_png(40, 40, 1);
    const auto second = disc_png(40, 40, 2);
    ASSERT_EQ(first.size(), second.size());
    ASSERT_NE(first, second);
    const auto invitation = invite(client, "a.png", first.size());
    ASSERT_EQ(accept(invitation, first), 200);
    ASSERT_EQ(accept(invitation, second), 200);
    const auto job = client.ended_job(text_at(create(client, text_at(invitation, "/id")).json(), "/id"));
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(text_at(job, "/inputs/0/sha256"), to_hex(sha256(second)));
}

TEST_F(S3Uploads, CompletingTellsWhatThePictureIsAndMayBeRepeated) {
    const ServerProcess server(bucket.settings());
    const auto client = server.client();
    const auto picture = disc_png(60, 40);
    const auto upload = upload_directly(client, picture);
    EXPECT_EQ(text_at(client.get("/api/v1/uploads/" + upload).json(), "/state"), "pending");
    for (int time = 0; time < 2; ++time) {
        const auto reply = complete(client, upload);
        ASSERT_EQ(reply.status, 200) << reply.body();
        EXPECT_EQ(text_at(reply.json(), "/state"), "ready");
        EXPECT_EQ(text_at(reply.json(), "/image/sha256"), to_hex(sha256(picture)));
        EXPECT_EQ(number_at(reply.json(), "/image/width"), 60);
        EXPECT_EQ(number_at(reply.json(), "/image/height"), 40);
    }
    expect_problem(complete(client, "00000000-0000-4000-8000-000000000000"), 404, "not_found");
}

TEST_F(S3Uploads, ALinkEndsWithItsTime) {
    const ServerProcess server(with("DARKROOM_URL_TTL_S", "1"));
    const auto client = server.client();
    const auto picture = disc_png(40, 40);
    const auto late = invite(client, "late.png", picture.size());
    const auto upload = upload_directly(client, picture);
    const auto job = client.ended_job(text_at(create(client, upload).json(), "/id"));
    const auto url = text_at(job, "/outputs/0/url");
    EXPECT_TRUE(eventually([&] { return fetch(url).status == 403; }));
    EXPECT_EQ(accept(late, picture), 403);
    EXPECT_EQ(fetch(text_at(client.job(text_at(job, "/id")), "/outputs/0/url")).status, 200);
    EXPECT_FALSE(bucket.has(key_of(late)));
    expect_problem(create(client, text_at(late, "/id")), 422, "upload_not_sent");
}

TEST_F(S3Uploads, TheStoreTakesNothingButWhatWasDeclared) {
    const ServerProcess server(bucket.settings());
    const auto client = server.client();
    const auto picture = disc_png(40, 40);
    const auto invitation = invite(client, "a.png", picture.size());
    const auto refused = [&](const ports::HttpFields& headers, const std::string& bytes) {
        const auto answer = follow(ports::HttpMethod::put, text_at(invitation, "/url"), headers, bytes);
        EXPECT_EQ(answer.status, 403);
        EXPECT_NE(answer.body.find("SignatureDoesNotMatch"), std::string::npos) << answer.body;
        EXPECT_FALSE(bucket.has(key_of(invitation)));
    };
    const ports::HttpFields as_declared{{"Content-Type", "image/png"}};
    refused(as_declared, picture + "x");
    refused(as_declared, picture.substr(1));
    refused(as_declared, "");
    refused({{"Content-Type", "text/html"}}, picture);
    refused({}, picture);
    EXPECT_EQ(accept(invitation, picture), 200);
}

TEST_F(S3Uploads, ADeclarationOutOfBoundsGetsNoLink) {
    const ServerProcess server(with("DARKROOM_MAX_UPLOAD_BYTES", "100000"));
    const auto client = server.client();
    const auto asked = [&](const std::string& body) { return client.post("/api/v1/uploads", body); };
    expect_problem(asked(R"({"filename":"a.png","bytes":100001})"), 413, "too_large");
    expect_problem(asked(R"({"filename":"a.png","bytes":0})"), 422, "validation_failed");
    expect_problem(asked(R"({"filename":"a.png","bytes":-1})"), 422, "validation_failed");
    expect_problem(asked(R"({"filename":"a.png","bytes":"many"})"), 422, "validation_failed");
    expect_problem(asked(R"({"filename":"a.png","byte":1})"), 422, "unknown_field");
    const auto page = asked(R"({"filename":"a.html","content_type":"text/html","bytes":100})");
    EXPECT_EQ(text_at(page.json(), "/mode"), "relay") << "no link of the store for a page: " << page.body();
    EXPECT_TRUE(bucket.keys().empty());
}

struct BadPicture {
    std::string what;
    std::string bytes;
    int status;
    std::string code;
};

TEST_F(S3Uploads, WhatIsNoPictureIsRemovedAgain) {
    const ServerProcess server(bucket.settings());
    const auto client = server.client();
    const std::vector<BadPicture> all{
        {"a page of HTML", "<!DOCTYPE html><html><script>alert(1)</script></html>", 415,
         "input_unsupported_format"},
        {"the first bytes of a PNG", disc_png(64, 64).substr(0, 20), 422, "input_unreadable"},
        {"a bomb", claiming_png(65'535, 65'535), 413, "input_too_large"},
    };
    for (const auto& bad : all) {
        SCOPED_TRACE(bad.what);
        const auto invitation = invite(client, "a.png", bad.bytes.size());
        ASSERT_EQ(accept(invitation, bad.bytes), 200) << "the store cannot know";
        const auto refused = create(client, text_at(invitation, "/id"));
        expect_problem(refused, bad.status, bad.code);
        expect_pointed_at(refused, "/inputs/0/upload");
        EXPECT_FALSE(bucket.has(key_of(invitation)));
        expect_problem(complete(client, text_at(invitation, "/id")), 422, "upload_not_sent");
    }
    EXPECT_TRUE(items_at(client.get("/api/v1/jobs").json(), "/jobs").empty());
    EXPECT_TRUE(bucket.keys().empty());
    expect_nothing_left(server);
}

TEST_F(S3Uploads, APictureOfAnotherTypeIsTakenAsWhatItIs) {
    const ServerProcess server(bucket.settings());
    const auto client = server.client();
    const auto photo = shot(".jpg", 128);
    const auto invitation = invite(client, "a.png", photo.size());
    ASSERT_EQ(accept(invitation, photo), 200);
    const auto job = client.ended_job(text_at(create(client, text_at(invitation, "/id")).json(), "/id"));
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(text_at(job, "/inputs/0/content_type"), "image/jpeg");
}

TEST_F(S3Uploads, WhatOnlyADecoderSeesEndsTheJob) {
    const ServerProcess server(bucket.settings());
    const auto client = server.client();
    const auto photo = shot(".jpg", 256);
    const auto upload = upload_directly(client, photo.substr(0, photo.size() / 2), "half.jpg");
    const auto job = client.ended_job(text_at(create(client, upload).json(), "/id"));
    EXPECT_EQ(text_at(job, "/status"), "FAILED") << job;
    EXPECT_EQ(text_at(job, "/error/code"), "input_unreadable");
    EXPECT_EQ(number_at(job, "/attempt_count"), 1) << "it was tried again for nothing";
}

// The link still works after the upload was looked at: what comes by it then is not what was asked for.
TEST_F(S3Uploads, APictureThatIsReplacedAfterItWasLookedAtFailsTheJob) {
    const ServerProcess server(with("MAX_INFLIGHT", "1"));
    const auto client = server.client();
    const auto first = disc_png(40, 40, 1);
    const auto other = disc_png(40, 40, 2);
    (void)client.ended_job(text_at(create(client, upload_directly(client, other)).json(), "/id"));
    server.freeze_workers();  // the one that there is
    const auto blocker = text_at(create(client, upload_directly(client, other)).json(), "/id");
    (void)client.job_in(blocker, "RUNNING");

    const auto invitation = invite(client, "a.png", first.size());
    ASSERT_EQ(accept(invitation, first), 200);
    const auto upload = text_at(invitation, "/id");
    ASSERT_EQ(complete(client, upload).status, 200);
    const auto waiting = text_at(create(client, upload).json(), "/id");
    EXPECT_EQ(text_at(client.job(waiting), "/status"), "QUEUED");
    ASSERT_EQ(accept(invitation, other), 200);
    server.thaw_workers();

    const auto job = client.ended_job(waiting);
    EXPECT_EQ(text_at(job, "/status"), "FAILED") << job;
    EXPECT_EQ(text_at(job, "/error/code"), "input_changed") << job;
    EXPECT_EQ(text_at(job, "/inputs/0/sha256"), to_hex(sha256(first)));
    EXPECT_TRUE(items_at(job, "/outputs").empty());
    EXPECT_EQ(number_at(job, "/credits/charged"), 0);
    EXPECT_EQ(text_at(client.ended_job(blocker), "/status"), "SUCCEEDED");
}

}  // namespace
}  // namespace darkroom::e2e
