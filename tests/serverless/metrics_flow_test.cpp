// What /metrics says of jobs that are done on RunPod: how their ends were heard, what was asked, what it
// cost.
#include <gtest/gtest.h>

#include "tests/e2e/metrics_text.h"
#include "tests/e2e/pictures.h"
#include "tests/serverless/world.h"

namespace darkroom::e2e {
namespace {

Scrape scrape(World& world) {
    const auto reply = world.client().get("/metrics");
    EXPECT_EQ(reply.status, 200) << reply.body();
    return Scrape(reply.body());
}

void do_jobs(World& world, int count) {
    std::vector<std::string> ids;
    ids.reserve(std::size_t(count));
    for (int i = 0; i < count; ++i)
        ids.push_back(world.client().create_with("bg_remove", disc_png(96, 64, std::uint32_t(i))));
    for (const auto& id : ids) {
        const auto job = world.client().ended_job(id, Milliseconds(120'000));
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    }
}

TEST(ServerlessMetrics, TellHowEndsWereHeardAndWhatTheyCost) {
    World world({.callback_every = 0});
    do_jobs(world, 4);
    // A remote job's own end, with its figures, is written after the attempt's.
    EXPECT_TRUE(eventually([&] {
        const auto soon = scrape(world);
        return soon.sum("darkroom_gpu_seconds_total") > 0 &&
               soon.sum("darkroom_webhook_outcomes_total") > 0 &&
               soon.sum("darkroom_completions_total", {{"verdict", "applied"}}) == 4;
    }));
    const auto now = scrape(world);
    EXPECT_TRUE(now.problems().empty()) << now.problems().front();
    EXPECT_EQ(now.sum("darkroom_attempts_total", {{"endpoint", "desk"}, {"outcome", "succeeded"}}), 4);
    EXPECT_EQ(now.sum("darkroom_completions_total", {{"endpoint", "desk"}, {"verdict", "applied"}}), 4);
    EXPECT_GE(now.sum("darkroom_completions_total", {{"via", "webhook"}, {"verdict", "applied"}}), 1);
    EXPECT_GE(now.sum("darkroom_webhooks_received_total", {{"kind", "hint"}}), 1);
    EXPECT_GE(now.sum("darkroom_webhook_outcomes_total", {{"kind", "hint"}}), 1);
    EXPECT_EQ(
        now.sum("darkroom_provider_requests_total", {{"endpoint", "desk"}, {"op", "run"}, {"code", "200"}}),
        4);
    EXPECT_GE(now.sum("darkroom_provider_requests_total", {{"op", "status"}, {"code", "200"}}), 4);
    EXPECT_EQ(now.sum("darkroom_provider_requests_total", {{"op", "other"}}), 0);
    EXPECT_EQ(now.sum("darkroom_executor_up", {{"endpoint", "desk"}}), 1);
    EXPECT_GE(now.sum("darkroom_storage_ops_total", {{"store", "main"}, {"outcome", "ok"}}), 4);
}

TEST(ServerlessMetrics, TellWhatNoMessageToldOf) {
    World world({.callback_every = 0, .endpoint_flags = {"--fault", "webhook_drop=always"}});
    do_jobs(world, 3);
    EXPECT_TRUE(eventually([&] { return scrape(world).sum("darkroom_completions_total") == 3; }));
    const auto now = scrape(world);
    EXPECT_EQ(now.sum("darkroom_completions_total", {{"via", "poll"}, {"verdict", "applied"}}), 3);
    EXPECT_EQ(now.sum("darkroom_reconcile_recovered_total", {{"endpoint", "desk"}, {"cause", "poll"}}), 3);
    EXPECT_EQ(now.sum("darkroom_webhooks_received_total", {{"kind", "hint"}}), 0);
}

TEST(ServerlessMetrics, TellOfForgedMessages) {
    World world({.workers = 0});
    const auto forged = world.server().client_with("").post("/webhooks/runpod-completion?token=forged", "{}");
    EXPECT_EQ(forged.status, 404);
    const auto unsigned_one = world.server().client_with("").post("/webhooks/runpod", "{}");
    EXPECT_EQ(unsigned_one.status, 401);
    const auto now = scrape(world);
    EXPECT_EQ(now.sum("darkroom_completions_total", {{"verdict", "rejected"}, {"via", "webhook"}}), 1);
    EXPECT_EQ(now.sum("darkroom_completions_total", {{"verdict", "rejected"}, {"via", "callback"}}), 1);
}

}  // namespace
}  // namespace darkroom::e2e
