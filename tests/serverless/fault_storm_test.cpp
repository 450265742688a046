// Everything that can go wrong between a gateway and RunPod, all at once: replies lost before and after the
// job was taken, webhooks lost, doubled, forged, late and contradicting each other, status that lies,
// workers that die, results that expire; and the gateway is killed again and again meanwhile. In the end
// every job has ended once, with the right picture, and the endpoint's journal and the gateway's books agree
// to the last remote job.
//
// The short form runs with the other tests. DARKROOM_STORM=long is the promise itself: 20 kills, 2,000 jobs
// (./dev storm runpod). DARKROOM_STORM_SEED repeats one as far as chance is ours.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "base/digest.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/links.h"
#include "tests/e2e/storm_clients.h"
#include "tests/serverless/reconciled.h"
#include "tests/serverless/world.h"

namespace darkroom::e2e {
namespace {

namespace json = boost::json;

constexpr const char* faults[] = {"drop_before_accept=0.03",
                                  "accept_then_drop=0.03",
                                  "5xx_before_accept=0.02",
                                  "5xx_after_accept=0.02:502",
                                  "accept_then_garble=0.02:2",
                                  "accept_then_forget=0.005",
                                  "same_id=0.005",
                                  "run_429=0.03:1",
                                  "status_regress=0.03",
                                  "status_stale=0.03",
                                  "status_404=0.02",
                                  "status_unknown=0.02",
                                  "status_429=0.02:1",
                                  "status_5xx=0.04",
                                  "error_as_object=0.3",
                                  "lost_output=0.01",
                                  "cancel_5xx=0.1",
                                  "cancel_drop=0.1",
                                  "any_html=0.01",
                                  "any_drop=0.01",
                                  "webhook_drop=0.2",
                                  "webhook_dup=0.2:3",
                                  "webhook_reorder=0.2:4000",
                                  "webhook_early=0.05:1000",
                                  "webhook_contradict=0.05",
                                  "webhook_forge=0.1",
                                  "webhook_truncate=0.05",
                                  "ttl_expire=0.003",
                                  "retention_expire=0.02",
                                  "redispatch=0.02",
                                  "late_progress=0.02",
                                  "worker_die=0.005",
                                  "report_lost=0.01",
                                  "done_5xx=0.04",
                                  "done_drop=0.04",
                                  "take_5xx=0.02",
                                  "take_garble=0.005"};

StormPlan plan_of_this_run() {
    StormPlan plan;
    plan.kills = 4;
    plan.jobs = 120;
    plan.seed = 1;  // the short form is to be the same each time, as far as chance is ours
    const char* form = std::getenv("DARKROOM_STORM");
    if (form != nullptr && std::string(form) == "long") {
        plan.kills = 20;
        plan.jobs = 2'000;
        plan.seed = std::random_device()() % 1'000'000;
    }
    const char* seed = std::getenv("DARKROOM_STORM_SEED");
    if (seed != nullptr) plan.seed = static_cast<std::uint32_t>(std::strtoul(seed, nullptr, 10));
    return plan;
}

WorldPlan world_of(const StormPlan& plan) {
    WorldPlan world;
    world.callback_every = 2;
    world.endpoint_flags = {"--set", "seed=" + std::to_string(plan.seed),
                            "--set", "rate_percent=0",
                            "--set", "workers_max=2",
                            "--set", "cold_start_ms=200"};
    for (const auto* fault : faults) {
        world.endpoint_flags.emplace_back("--fault");
        world.endpoint_flags.emplace_back(fault);
    }
    world.settings = {{"DARKROOM_MAX_ATTEMPTS", "10"},
                      {"DARKROOM_RUN_TIMEOUT_S", "20"},
                      // Half of what is in flight waits for a name or for a worker that is gone.
                      {"RUNPOD_ENDPOINT_ID", "ep-local;name=desk;max=64;gpu=RTX 4090"}};
    return world;
}

/// Kills the gateway `plan.kills` times while jobs come in and come back, and a worker now and then.
void rage(World& world, StormClients& clients, const StormPlan& plan) {
    std::mt19937 random(plan.seed);
    const auto span = Milliseconds(plan.jobs >= 1'000 ? 9'000 : 2'500);
    for (int kill = 1; kill <= plan.kills; ++kill) {
        clients.allow(plan.jobs * kill / plan.kills);
        clients.server_is_at(world.server().port());
        (void)eventually([] { return false; }, span / 2 + Milliseconds(random() % unsigned(span.count())));
        if (kill % 5 == 0) {
            world.kill_worker(0);
            world.start_worker();
        }
        world.server().kill9();
        world.server().start();
        if (::testing::Test::HasFatalFailure()) return;
    }
    clients.allow(plan.jobs);
    clients.server_is_at(world.server().port());
}

bool is_end(const std::string& status) {
    return status == "SUCCEEDED" || status == "FAILED" || status == "CANCELLED";
}

/// One end, or a failure that later turned out to be a success.
void check_events(const ApiClient& client, const json::value& job) {
    const auto events = client.events(text_at(job, "/id"));
    int successes = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(number_at(events[i], "/seq"), std::int64_t(i) + 1) << "a gap in the timeline";
        if (text_at(events[i], "/status") == "SUCCEEDED") ++successes;
        if (!is_end(text_at(events[i], "/status")) || i + 1 == events.size()) continue;
        EXPECT_EQ(text_at(events[i + 1], "/kind"), "succeed_late") << "ended twice";
    }
    EXPECT_EQ(successes, text_at(job, "/status") == "SUCCEEDED" ? 1 : 0) << "charged more than once";
}

void check_outputs(const json::value& job) {
    const auto outputs = items_at(job, "/outputs");
    EXPECT_EQ(text_at(job, "/status") == "SUCCEEDED", !outputs.empty());
    for (const auto& output : outputs) {
        const auto result = fetch(text_at(output, "/url"));
        EXPECT_EQ(result.status, 200);
        EXPECT_EQ(to_hex(sha256(result.body)), text_at(output, "/sha256"));
    }
}

struct Count {
    int succeeded = 0, failed = 0, cancelled = 0;
    std::map<std::string, int> heard;
    std::map<std::string, int> failures;
};

Count check_jobs(World& world, const std::map<std::string, MadeJob>& made) {
    Count count;
    // Of the first one; the others end meanwhile.
    const Milliseconds patience(made.size() >= 1'000 ? 1'800'000 : 300'000);
    for (const auto& [id, what] : made) {
        SCOPED_TRACE(id);
        const auto job = world.client().ended_job(id, patience);
        const auto status = text_at(job, "/status");
        EXPECT_TRUE(is_end(status)) << job;
        if (what.cancelled) {
            EXPECT_EQ(status, "CANCELLED");
        }
        check_events(world.client(), job);
        check_outputs(job);
        if (status == "SUCCEEDED") {
            ++count.succeeded;
            for (const auto& attempt : items_at(job, "/attempts")) {
                if (text_at(attempt, "/status") == "SUCCEEDED")
                    ++count.heard[text_at(attempt, "/completed_via")];
            }
        } else if (status == "FAILED") {
            ++count.failed;
            ++count.failures[text_at(job, "/error/code")];
        } else {
            ++count.cancelled;
        }
    }
    return count;
}

/// Rows of the audit cost what the day's books say.
void check_costs(World& world, const std::vector<json::value>& remote_jobs) {
    double rows = 0;
    for (const auto& row : remote_jobs) rows += std::strtod(text_at(row, "/cost_usd").c_str(), nullptr);
    double books = 0;
    for (const auto& row : items_at(world.client().get("/api/v1/admin/costs").json(), "/rows"))
        books += std::strtod(text_at(row, "/cost_usd").c_str(), nullptr);
    EXPECT_NEAR(rows, books, 0.000'002 * double(remote_jobs.size() + 1));
}

TEST(ServerlessStorm, EveryJobEndsOnceAndEveryRemoteJobIsAccountedFor) {
    const auto plan = plan_of_this_run();
    std::cout << "fault storm: seed " << plan.seed << ", " << plan.kills << " kills, " << plan.jobs
              << " jobs\n";
    SCOPED_TRACE("seed " + std::to_string(plan.seed));
    World world(world_of(plan));
    StormClients clients(plan, world.server().key());
    ASSERT_NO_FATAL_FAILURE(rage(world, clients, plan));
    ASSERT_TRUE(clients.wait_until_done(Milliseconds(300'000)))
        << "the clients did not come to an end: " << clients.unfinished();
    EXPECT_EQ(clients.complaints(), std::vector<std::string>());
    const auto made = clients.made();
    EXPECT_EQ(made.size(), std::size_t(plan.jobs));
    const auto count = check_jobs(world, made);
    EXPECT_LE(count.failed, plan.jobs / 50) << "a job fails only where one fault hit it again and again";
    EXPECT_GT(count.succeeded, plan.jobs / 2);

    Reconciliation books;
    EXPECT_TRUE(eventually(
        [&] {
            books = reconcile(world.journal(), world.remote_jobs());
            return books.open.empty();
        },
        Milliseconds(180'000)))
        << books.open.size() << " remote jobs are not followed to their end, as " << books.open.front();
    EXPECT_EQ(books.unaccounted, std::vector<std::string>());
    EXPECT_EQ(books.invented, std::vector<std::string>());
    check_costs(world, world.remote_jobs());
    std::cout << "fault storm: " << count.succeeded << " succeeded, " << count.cancelled << " cancelled, "
              << count.failed << " failed";
    for (const auto& [code, times] : count.failures) std::cout << " " << code << ":" << times;
    std::cout << "; heard by";
    for (const auto& [way, times] : count.heard) std::cout << " " << way << ":" << times;
    std::cout << "; " << books.remote_jobs << " remote jobs, " << books.named << " known by name, "
              << books.unnamed << " submits whose name was never learned\n";
}

}  // namespace
}  // namespace darkroom::e2e
