// Jobs that are done on RunPod, from the app's request to the picture: heard by callback, by webhook, or by
// nobody but the poll.
#include <gtest/gtest.h>

#include <set>

#include "tests/e2e/links.h"
#include "tests/e2e/pictures.h"
#include "tests/serverless/world.h"

namespace darkroom::e2e {
namespace {

std::vector<std::string> create_jobs(World& world, int count) {
    const auto client = world.client();
    std::vector<std::string> ids;
    ids.reserve(std::size_t(count));
    for (int i = 0; i < count; ++i)
        ids.push_back(client.create_with("bg_remove", disc_png(96, 64, std::uint32_t(i))));
    return ids;
}

/// The ways in which the ends of these jobs were heard; a job without its picture is a failure.
std::set<std::string> ways_heard(World& world, const std::vector<std::string>& ids) {
    std::set<std::string> ways;
    for (const auto& id : ids) {
        const auto job = world.client().ended_job(id, Milliseconds(120'000));
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        EXPECT_EQ(text_at(job, "/attempts/0/backend"), "serverless");
        EXPECT_EQ(text_at(job, "/attempts/0/endpoint"), "desk");
        // A callback may be ahead of the report to the endpoint.
        EXPECT_TRUE(eventually(
            [&] { return world.remote_state(text_at(job, "/attempts/0/remote_id")) == "COMPLETED"; }));
        ways.insert(text_at(job, "/attempts/0/completed_via"));
        EXPECT_EQ(fetch(text_at(job, "/outputs/0/url")).status, 200);
        EXPECT_EQ(number_at(job, "/outputs/0/width"), 96);
        EXPECT_EQ(number_at(job, "/outputs/0/height"), 64);
    }
    return ways;
}

void expect_nothing_left_over(World& world) {
    EXPECT_TRUE(eventually([&] {
        for (const auto& key : world.bucket().keys()) {
            if (key.starts_with("outputs/") || key.starts_with("inputs/")) return false;
        }
        return true;
    })) << "what travelled to and from the workers was not removed";
}

TEST(Serverless, JobsComeBackByTheWorkersCallback) {
    World world({.endpoint_flags = {"--fault", "webhook_drop=always"}});
    EXPECT_EQ(ways_heard(world, create_jobs(world, 6)), std::set<std::string>{"callback"});
    expect_nothing_left_over(world);
}

TEST(Serverless, JobsComeBackByRunPodsWebhookWhereWorkersCannotCall) {
    World world({.callback_every = 0});
    EXPECT_EQ(ways_heard(world, create_jobs(world, 6)).count("webhook"), 1u);
    expect_nothing_left_over(world);
}

TEST(Serverless, JobsComeBackWithEveryWebhookLost) {
    World world({.callback_every = 0, .endpoint_flags = {"--fault", "webhook_drop=always"}});
    EXPECT_EQ(ways_heard(world, create_jobs(world, 6)), std::set<std::string>{"poll"});
    expect_nothing_left_over(world);
}

TEST(Serverless, AJobTellsWhereItRanWhatItWaitedForAndWhatItCost) {
    World world({.endpoint_flags = {"--set", "cold_start_ms=1500"}});
    const auto id = create_jobs(world, 1).front();
    const auto job = world.client().ended_job(id);
    EXPECT_EQ(text_at(job, "/backend"), "serverless");
    // What the endpoint alone can tell follows when it has told it.
    ASSERT_TRUE(eventually([&] {
        const auto all = world.remote_jobs();
        return all.size() == 1 && text_at(all[0], "/ended_as") == "succeeded";
    }));
    const auto told = world.client().job(id);
    EXPECT_EQ(text_at(world.remote_jobs()[0], "/remote_id"), text_at(told, "/attempts/0/remote_id"));
    EXPECT_GE(number_at(told, "/attempts/0/delay_ms"), 1'000) << "the cold start";
    EXPECT_GT(number_at(told, "/attempts/0/execution_ms"), 0);
    EXPECT_GT(std::strtod(text_at(told, "/attempts/0/cost_usd").c_str(), nullptr), 0.0);
    const auto books = world.client().get("/api/v1/admin/costs").json();
    EXPECT_EQ(text_at(books, "/total/cost_usd"), text_at(told, "/attempts/0/cost_usd"));
    EXPECT_EQ(text_at(books, "/by_type/0/type"), "bg_remove");
}

TEST(Serverless, APictureThatNoWorkerCanReadFailsOnceWithItsReason) {
    World world;
    auto broken = disc_png(96, 64);
    broken.resize(broken.size() / 2);
    const auto job = world.client().ended_job(world.client().create_with("bg_remove", broken));
    EXPECT_EQ(text_at(job, "/status"), "FAILED");
    EXPECT_EQ(text_at(job, "/error/code"), "input_unreadable");
    EXPECT_EQ(number_at(job, "/attempt_count"), 1);
}

TEST(Serverless, ACancelledJobIsCancelledThereToo) {
    World world({.workers = 0});
    const auto id = create_jobs(world, 1).front();
    ASSERT_TRUE(eventually([&] { return world.remote_jobs().size() == 1; }));
    const auto remote_id = [&] { return text_at(world.remote_jobs().at(0), "/remote_id"); };
    ASSERT_TRUE(eventually([&] { return !remote_id().empty(); }));
    EXPECT_EQ(world.client().post("/api/v1/jobs/" + id + "/cancel").status, 200);
    EXPECT_TRUE(eventually([&] { return world.remote_state(remote_id()) == "CANCELLED"; }));
    EXPECT_TRUE(eventually([&] { return text_at(world.remote_jobs().at(0), "/ended_as") == "cancelled"; }));
}

TEST(Serverless, AJobMayAskForThisMachineInstead) {
    World world({.workers = 0});
    const auto upload = world.client().upload(disc_png(96, 64));
    const auto created =
        world.client().post("/api/v1/jobs", R"({"type":"bg_remove","backend":"local","inputs":[{"upload":")" +
                                                upload + R"("}]})");
    ASSERT_EQ(created.status, 201) << created.body();
    const auto job = world.client().ended_job(text_at(created.json(), "/id"));
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED");
    EXPECT_EQ(text_at(job, "/attempts/0/backend"), "local");
    EXPECT_TRUE(world.remote_jobs().empty());
}

TEST(Serverless, AWorkerThatDiesCostsTheJobNothing) {
    World world({.workers = 1, .callback_every = 0, .endpoint_flags = {"--fault", "worker_die=#1"}});
    const auto ids = create_jobs(world, 1);
    const auto job = world.client().ended_job(ids[0], Milliseconds(120'000));
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
}

TEST(Serverless, ARevokedKeyPausesTheEndpointAndFailsNothing) {
    World world({.endpoint_flags = {"--fault", "run_401=#1"}});
    const auto id = create_jobs(world, 1).front();
    ASSERT_TRUE(eventually(
        [&] { return world.server().log().find("RunPod refuses the API key") != std::string::npos; }));
    const auto job = world.client().ended_job(id, Milliseconds(150'000));
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(number_at(job, "/attempt_count"), 1) << "a refusal costs no attempt";
}

}  // namespace
}  // namespace darkroom::e2e
