// Chains on a real server: the steps run one after the other, the failed one alone is repeated, and what is
// shown is theirs.
#include <gtest/gtest.h>

#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

std::string chain_request(const std::string& upload, const std::string& steps, const std::string& more = {}) {
    return R"({"type":"chain","inputs":[{"upload":")" + upload + R"("}],"steps":[)" + steps + "]" + more +
           "}";
}

constexpr const char* packshot =
    R"({"id":"cut","type":"bg_remove"},{"id":"up","type":"upscale_2k","params":{"target":512}},)"
    R"({"id":"page","type":"white_bg_ecomm","params":{"preset":"custom","size":600,"fill":0.8}})";

TEST(ApiChains, EveryStepWorksOnWhatTheOneBeforeItMade) {
    const ServerProcess server;
    const auto client = server.client();
    const auto created = client.post(
        "/api/v1/jobs", chain_request(client.upload(shot(".jpg", 256)), packshot, R"(,"keep":["cut.mask"])"));
    ASSERT_EQ(created.status, 201) << created.body();
    const auto id = text_at(created.json(), "/id");
    const auto job = client.ended_job(id);
    ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(items_at(job, "/steps").size(), 3u);
    const auto result = client.get(target_of(text_at(job, "/outputs/0/url")));
    EXPECT_EQ(decoded_size(result.body(), ".jpg").width, 600);
    EXPECT_EQ(text_at(job, "/outputs/1/role"), "cut.mask");
    const auto mask = client.get(target_of(text_at(job, "/outputs/1/url")));
    EXPECT_EQ(decoded_size(mask.body(), ".png").width, 256);
    EXPECT_EQ(client.get(target_of(text_at(job, "/thumbnail_url"))).status, 200);

    const auto up = client.job(text_at(job, "/steps/1/job_id"));
    EXPECT_EQ(text_at(up, "/chain/id"), id);
    EXPECT_EQ(text_at(up, "/chain/from"), "cut.main");
    EXPECT_EQ(text_at(up, "/inputs/0/sha256"),
              text_at(client.job(text_at(job, "/steps/0/job_id")), "/outputs/0/sha256"));
    EXPECT_EQ(items_at(client.get("/api/v1/jobs").json(), "/jobs").size(), 1u) << "steps are the chain's own";
    EXPECT_EQ(items_at(client.get("/api/v1/jobs?chain=" + id).json(), "/jobs").size(), 3u);
}

TEST(ApiChains, AFailedStepAloneIsRepeated) {
    const ServerProcess server;
    const auto client = server.client();
    const auto steps =
        R"({"id":"up","type":"upscale_2k","params":{"target":512}},)"
        R"({"id":"gone","type":"object_remove","params":{"units":"px","region":{"boxes":[[9000,9000,9,9]]}}},)"
        R"({"id":"after","type":"jpeg_to_png"})";
    const auto created = client.post("/api/v1/jobs", chain_request(client.upload(shot(".jpg", 128)), steps));
    ASSERT_EQ(created.status, 201) << created.body();
    const auto id = text_at(created.json(), "/id");
    auto job = client.ended_job(id);
    ASSERT_EQ(text_at(job, "/status"), "FAILED") << job;
    EXPECT_EQ(text_at(job, "/error/failed_step"), "gone");
    EXPECT_EQ(text_at(job, "/error/code"), "region_out_of_bounds");
    EXPECT_EQ(text_at(job, "/steps/0/status"), "SUCCEEDED");
    EXPECT_NE(text_at(job, "/steps/2/status"), "SUCCEEDED");

    const auto step = text_at(job, "/steps/1/job_id");
    for (const auto* action : {"/cancel", "/retry"})
        expect_problem(client.post("/api/v1/jobs/" + step + action), 409, "not_for_chains");
    for (const auto& one : {step, id})
        expect_problem(client.post("/api/v1/jobs/" + one + "/attempts"), 409, "not_for_chains");

    EXPECT_EQ(client.post("/api/v1/jobs/" + id + "/retry").status, 202);
    job = client.ended_job(id);
    EXPECT_EQ(text_at(job, "/status"), "FAILED");
    EXPECT_EQ(number_at(client.job(text_at(job, "/steps/0/job_id")), "/attempt_count"), 1)
        << "it had succeeded";
    EXPECT_EQ(number_at(client.job(step), "/attempt_count"), 2);
}

TEST(ApiChains, AFormCanHoldOne) {
    const ServerProcess server;
    const auto client = server.client();
    const auto form =
        make_form("a.png", disc_png(64, 64),
                  {{"type", "chain"},
                   {"steps", R"([{"type":"jpeg_to_png"},{"type":"upscale_2k","params":{"target":512}}])"},
                   {"keep", R"(["jpeg_to_png.main"])"}});
    const auto reply = client.call("POST", "/api/v1/jobs", form.body,
                                   {{"Content-Type", form.content_type}, {"Prefer", "wait=30"}});
    ASSERT_EQ(reply.status, 200) << reply.body();
    EXPECT_EQ(text_at(reply.json(), "/status"), "SUCCEEDED");
    EXPECT_EQ(items_at(reply.json(), "/outputs").size(), 2u);
    const auto bad = make_form("a.png", disc_png(64, 64), {{"type", "chain"}, {"steps", "[{"}});
    expect_problem(client.call("POST", "/api/v1/jobs", bad.body, {{"Content-Type", bad.content_type}}), 422,
                   "malformed_json");
}

TEST(ApiChains, TheSameKeyGivesTheSameChain) {
    const ServerProcess server;
    const auto client = server.client();
    const auto body = chain_request(client.upload(disc_png(64, 64)), R"({"type":"jpeg_to_png"})");
    const ports::HttpFields key{{"Idempotency-Key", "once"}};
    const auto first = client.post("/api/v1/jobs", body, key);
    const auto again = client.post("/api/v1/jobs", body, key);
    ASSERT_EQ(first.status, 201) << first.body();
    EXPECT_EQ(text_at(first.json(), "/id"), text_at(again.json(), "/id"));
    EXPECT_EQ(text_at(first.json(), "/steps/0/job_id"), text_at(again.json(), "/steps/0/job_id"));
    EXPECT_EQ(items_at(client.get("/api/v1/jobs").json(), "/jobs").size(), 1u);
}

}  // namespace
}  // namespace darkroom::e2e
