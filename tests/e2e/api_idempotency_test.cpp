// A request that is repeated, at once or later, makes one job.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

constexpr int repeats = 50;

TEST(ApiIdempotency, FiftyRequestsAtOnceWithOneKeyMakeOneJob) {
    const ServerProcess server;
    const auto client = server.client();
    const auto body = job_request("jpeg_to_png", "{}", client.upload(disc_png(32, 32)));
    std::vector<Reply> replies(repeats);
    std::vector<std::thread> threads;
    threads.reserve(replies.size());
    for (auto& reply : replies) {
        threads.emplace_back([&] {
            reply = client.post("/api/v1/jobs", body, {{"Idempotency-Key", "order-4711"}});
        });
    }
    for (auto& thread : threads) thread.join();
    std::set<std::string> ids;
    int replayed = 0;
    for (const auto& reply : replies) {
        EXPECT_EQ(reply.status, 201) << reply.body();
        ids.insert(text_at(reply.json(), "/id"));
        if (reply.header("Idempotency-Replayed") == "true") ++replayed;
    }
    EXPECT_EQ(ids.size(), 1u);
    EXPECT_EQ(replayed, repeats - 1);
    EXPECT_EQ(items_at(client.get("/api/v1/jobs").json(), "/jobs").size(), 1u);
}

TEST(ApiIdempotency, AKeyBelongsToItsFirstRequest) {
    ServerProcess server;
    const auto upload = server.client().upload(disc_png(32, 32));
    const auto body = job_request("jpeg_to_png", "{}", upload);
    const ports::HttpFields key{{"Idempotency-Key", "\"order-1\""}};
    const auto first = server.client().post("/api/v1/jobs", body, key);
    ASSERT_EQ(first.status, 201) << first.body();
    expect_problem(
        server.client().post("/api/v1/jobs", job_request("jpeg_to_png", R"({"tolerance":9})", upload), key),
        422, "idempotency_key_reused");
    server.kill9();
    server.start();
    const auto after = server.client().post("/api/v1/jobs", body, key);
    EXPECT_EQ(after.status, 201) << after.body();
    EXPECT_EQ(text_at(after.json(), "/id"), text_at(first.json(), "/id"));
    const auto waited =
        server.client().post("/api/v1/jobs", body, {{"Idempotency-Key", "order-1"}, {"Prefer", "wait=30"}});
    EXPECT_EQ(waited.status, 200) << waited.body();
    EXPECT_EQ(text_at(waited.json(), "/id"), text_at(first.json(), "/id"));
}

TEST(ApiIdempotency, AFormCanBeRepeatedToo) {
    const ServerProcess server;
    const auto client = server.client();
    const auto send = [&](std::uint32_t seed) {
        const auto form = make_form("a.png", disc_png(32, 32, seed), {{"type", "jpeg_to_png"}});
        return client.call("POST", "/api/v1/jobs", form.body,
                           {{"Content-Type", form.content_type}, {"Idempotency-Key", "form-1"}});
    };
    const auto first = send(1);
    ASSERT_EQ(first.status, 201) << first.body();
    const auto again = send(1);
    ASSERT_EQ(again.status, 201) << again.body();
    EXPECT_EQ(text_at(again.json(), "/id"), text_at(first.json(), "/id"));
    expect_problem(send(2), 422, "idempotency_key_reused");
}

TEST(ApiIdempotency, AKeyThatIsNoneIsRefused) {
    const ServerProcess server;
    const auto client = server.client();
    const auto body = job_request("jpeg_to_png", "{}", client.upload(disc_png(32, 32)));
    for (const std::string& key : {std::string("two words"), std::string(256, 'k'), std::string("\"\"")}) {
        expect_problem(client.post("/api/v1/jobs", body, {{"Idempotency-Key", key}}), 400, "bad_header");
    }
    EXPECT_TRUE(items_at(client.get("/api/v1/jobs").json(), "/jobs").empty());
}

}  // namespace
}  // namespace darkroom::e2e
