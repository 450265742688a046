// Pictures that Darkroom fetches by their URL: from hosts that the operator allowed, once for each job, and
// from no other host at all. What the guard refuses in detail is tests/integration's part.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/links.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/s3_bucket.h"

namespace darkroom::e2e {
namespace {

using testing::Fault;
using testing::FaultProxy;

std::string by_url(const std::string& url) {
    return R"({"type":"jpeg_to_png","inputs":[{"url":")" + url + "\"}]}";
}

class InputUrls : public ::testing::Test {
protected:
    InputUrls() {
        serve("/mug.png", Fault::answer_with(200, {{"Content-Type", "image/png"}}, picture));
        serve("/gone.png", Fault::answer_with(404, {{"Content-Type", "image/png"}}, picture));
        serve("/page.png", Fault::answer_with(200, {{"Content-Type", "image/png"}}, "<html>no</html>"));
        serve("/moved.png", Fault::answer_with(302, {{"Location", "http://127.0.0.2:1/mug.png"}}, ""));
        Fault cut;
        cut.answer = [this](const testing::SeenRequest&) {
            return "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: " +
                   std::to_string(picture.size()) + "\r\n\r\n" + picture.substr(0, picture.size() / 2);
        };
        cut.after_answer = Fault::End::close;
        serve("/cut.png", std::move(cut));
    }
    void serve(const std::string& path, Fault fault) {
        web.plan(std::move(fault), FaultProxy::always, testing::on("GET", path));
    }
    Settings allowing(const std::string& hosts) const {
        auto settings = bucket.settings();
        if (!hosts.empty()) settings["DARKROOM_INPUT_URL_ALLOW"] = hosts;
        return settings;
    }
    std::string at(const std::string& path) const { return web.endpoint() + path; }

    const std::string picture = disc_png(56, 40);
    FaultProxy web;
    S3Bucket bucket;
};

TEST_F(InputUrls, APictureIsFetchedFromAHostThatIsAllowed) {
    const ServerProcess server(allowing("127.0.0.1"));
    const auto client = server.client();
    const auto created = client.post("/api/v1/jobs", by_url(at("/mug.png?size=large")));
    ASSERT_EQ(created.status, 201) << created.body();
    EXPECT_EQ(text_at(created.json(), "/inputs/0/name"), "mug.png");
    EXPECT_EQ(text_at(created.json(), "/inputs/0/sha256"), to_hex(sha256(picture)));
    const auto job = client.ended_job(text_at(created.json(), "/id"));
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(decoded_size(fetch(text_at(job, "/outputs/0/url")).body, ".png").width, 56);
    EXPECT_EQ(web.count("GET"), 1);
    for (const auto& request : web.requests()) {
        EXPECT_EQ(request.header("Authorization"), "") << request.head;
        EXPECT_EQ(request.head.find(server.key()), std::string::npos) << request.head;
    }
    EXPECT_EQ(bucket.keys().size(), 3u);
    expect_nothing_left(server);
}

TEST_F(InputUrls, TheShortFormMeansTheSame) {
    const ServerProcess server(allowing("127.0.0.0/8"));
    const auto client = server.client();
    const auto created =
        client.post("/api/v1/jobs", R"({"type":"jpeg_to_png","input_urls":[")" + at("/mug.png") + "\"]}");
    ASSERT_EQ(created.status, 201) << created.body();
    EXPECT_EQ(text_at(client.ended_job(text_at(created.json(), "/id")), "/status"), "SUCCEEDED");
    const auto refused =
        client.post("/api/v1/jobs", R"({"type":"jpeg_to_png","input_urls":[")" + at("/gone.png") + "\"]}");
    expect_problem(refused, 422, "input_url_failed");
    EXPECT_EQ(text_at(refused.json(), "/pointer"), "/input_urls/0");
}

TEST_F(InputUrls, WithoutPermissionNobodyIsEvenConnectedTo) {
    const ServerProcess server(allowing(""));
    const auto client = server.client();
    const auto port = std::to_string(web.port());
    for (const auto& url :
         {at("/mug.png"), "https://127.0.0.1:" + port + "/mug.png", "http://localhost:" + port + "/mug.png",
          "http://[::1]:" + port + "/mug.png", "http://[::ffff:127.0.0.1]:" + port + "/",
          "http://2130706433:" + port + "/", bucket.endpoint() + "/", server.url() + "/api/v1/jobs",
          std::string("http://169.254.169.254/latest/meta-data/"), std::string("file:///etc/passwd"),
          std::string("ftp://a.test/x")}) {
        SCOPED_TRACE(url);
        const auto refused = client.post("/api/v1/jobs", by_url(url));
        expect_problem(refused, 422, "input_url_refused");
        EXPECT_EQ(text_at(refused.json(), "/pointer"), "/inputs/0/url");
    }
    EXPECT_EQ(web.connections(), 0);
    EXPECT_TRUE(bucket.keys().empty());
}

TEST_F(InputUrls, WhatGivesNoPictureIsToldAndLeavesNothing) {
    const ServerProcess server(allowing("127.0.0.1"));
    const auto client = server.client();
    const auto refused = [&](const std::string& path) {
        auto reply = client.post("/api/v1/jobs", by_url(at(path)));
        EXPECT_EQ(text_at(reply.json(), "/pointer"), "/inputs/0/url") << reply.body();
        return reply;
    };
    expect_problem(refused("/gone.png"), 422, "input_url_failed");
    expect_problem(refused("/cut.png"), 422, "input_url_failed");
    expect_problem(refused("/page.png"), 415, "input_unsupported_format");
    expect_problem(refused("/moved.png"), 422, "input_url_refused");
    FaultProxy closed;
    closed.set_door(FaultProxy::Door::refuse);
    const auto nobody = client.post("/api/v1/jobs", by_url(closed.endpoint() + "/mug.png"));
    expect_problem(nobody, 422, "input_url_failed");
    EXPECT_EQ(text_at(nobody.json(), "/retryable"), "true");
    EXPECT_TRUE(items_at(client.get("/api/v1/jobs").json(), "/jobs").empty());
    EXPECT_TRUE(bucket.keys().empty());
    expect_nothing_left(server);
}

TEST_F(InputUrls, ARepeatedRequestFetchesNothing) {
    const ServerProcess server(allowing("127.0.0.1"));
    const auto client = server.client();
    const ports::HttpFields key{{"Idempotency-Key", "order-18"}};
    const auto first = client.post("/api/v1/jobs", by_url(at("/mug.png")), key);
    ASSERT_EQ(first.status, 201) << first.body();
    const auto again = client.post("/api/v1/jobs", by_url(at("/mug.png")), key);
    EXPECT_EQ(again.status, 201) << again.body();
    EXPECT_EQ(text_at(again.json(), "/id"), text_at(first.json(), "/id"));
    expect_problem(client.post("/api/v1/jobs", by_url(at("/mug.png?other")), key), 422,
                   "idempotency_key_reused");
    EXPECT_EQ(web.count("GET"), 1);
}

}  // namespace
}  // namespace darkroom::e2e
