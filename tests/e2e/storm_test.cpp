// kill -9 in the middle of everything. While eight clients create jobs, the gateway is killed again and again
// and started on the same data. In the end every job that was ever acknowledged exists and has ended once.
//
// The short form runs with the other tests. DARKROOM_STORM=long is the promise itself: 50 kills, 500 jobs.
// DARKROOM_STORM_SEED repeats a storm as far as chance is ours.
#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <set>

#include "tests/e2e/leftovers.h"
#include "tests/e2e/server_process.h"
#include "tests/e2e/storm_checks.h"
#include "tests/support/process_table.h"

namespace darkroom::e2e {
namespace {

namespace json = boost::json;

StormPlan plan_of_this_run() { return storm_plan({.users = 3, .retries = true, .follows = true}, 50, 500); }

/// Kills the server `plan.kills` times: most often at work, now and then while it starts.
void rage(ServerProcess& server, StormClients& clients, const StormPlan& plan) {
    std::mt19937 random(plan.seed);
    const auto up_to = [&](unsigned milliseconds) { return Milliseconds(random() % (milliseconds + 1)); };
    for (int kill = 1; kill <= plan.kills; ++kill) {
        clients.allow(plan.jobs * kill / plan.kills);
        clients.server_is_at(server.port());
        clients.wait_until_done(Milliseconds(15) + up_to(600));
        server.kill9();
        if (kill < plan.kills && random() % 4 == 0) {
            ++kill;
            server.spawn();
            clients.wait_until_done(up_to(40));
            server.kill9();
        }
        server.start();
        if (::testing::Test::HasFatalFailure()) return;
    }
    clients.allow(plan.jobs);
    clients.server_is_at(server.port());
}

/// Every result and thumbnail on the disk is one that some job shows.
void check_objects(const ServerProcess& server, const std::vector<json::value>& jobs) {
    std::set<std::string> shown;
    for (const auto& job : jobs) {
        for (const auto& attempt : items_at(job, "/attempts")) {
            for (const auto& output : items_at(attempt, "/outputs"))
                shown.insert(object_key_in(text_at(output, "/url")));
        }
        const auto thumbnail = text_at(job, "/thumbnail_url");
        if (!thumbnail.empty()) shown.insert(object_key_in(thumbnail));
    }
    const auto root = server.data_dir() / "objects";
    for (const char* folder : {"restored", "thumbnails"}) {
        for (const auto& file : files_under(root / folder)) {
            const auto key = file.lexically_relative(root).string();
            EXPECT_EQ(shown.count(key), 1u) << "nobody's: " << key;
        }
    }
}

TEST(Storm, EveryAcknowledgedJobExistsAndEndsOnceHoweverOftenTheGatewayIsKilled) {
    const auto plan = plan_of_this_run();
    std::cout << "storm: seed " << plan.seed << ", " << plan.kills << " kills, " << plan.jobs << " jobs\n";
    SCOPED_TRACE("seed " + std::to_string(plan.seed));
    const testing::Orphanage orphanage;
    ServerProcess server;
    StormClients clients(plan, server.key());
    ASSERT_NO_FATAL_FAILURE(rage(server, clients, plan));
    ASSERT_TRUE(clients.wait_until_done(Milliseconds(60'000)))
        << "the clients did not come to an end: " << clients.unfinished() << not_ended(server.client());
    EXPECT_EQ(clients.complaints(), std::vector<std::string>());

    const auto client = server.client();
    const auto made = clients.made();
    for (const auto& [id, what] : made) {
        SCOPED_TRACE(id);
        check_storm_job(client, client.ended_job(id), what);
    }
    const auto jobs = all_jobs(client);
    EXPECT_EQ(jobs.size(), made.size()) << "each request was to make one job, however often it was repeated";
    std::map<std::string, int> ends;
    for (const auto& job : jobs) {
        EXPECT_EQ(made.count(text_at(job, "/id")), 1u) << job;
        ++ends[text_at(job, "/status")];
    }
    EXPECT_GT(ends["SUCCEEDED"], plan.jobs / 2);
    check_objects(server, jobs);
    expect_nothing_left(server);

    EXPECT_EQ(server.terminate().code, 0);
    EXPECT_TRUE(eventually([&] { return orphanage.still_running({}).empty(); }))
        << "a process outlived its server";
    EXPECT_TRUE(files_under(server.data_dir() / "work").empty());
    std::cout << "storm: " << jobs.size() << " jobs: " << told(ends) << "\n";
}

// Stopping as an operator does it, in the middle of everything: quick, with exit code 0, and nothing is lost.
TEST(Storm, StoppingInTheMiddleOfWorkIsAlwaysClean) {
    auto plan = plan_of_this_run();
    plan.kills = 6;
    plan.jobs = 60;
    std::mt19937 random(plan.seed);
    SCOPED_TRACE("seed " + std::to_string(plan.seed));
    const testing::Orphanage orphanage;
    ServerProcess server;
    StormClients clients(plan, server.key());
    for (int stop = 1; stop <= plan.kills; ++stop) {
        clients.allow(plan.jobs * stop / plan.kills);
        clients.server_is_at(server.port());
        clients.wait_until_done(Milliseconds(20 + random() % 200));
        const auto exit = server.terminate(Milliseconds(10'000));
        ASSERT_EQ(exit.code, 0) << "ended by signal " << exit.signal;
        EXPECT_TRUE(files_under(server.data_dir() / "work").empty());
        EXPECT_TRUE(files_under(server.data_dir() / "incoming").empty());
        EXPECT_TRUE(eventually([&] { return orphanage.still_running({}).empty(); }));
        ASSERT_NO_FATAL_FAILURE(server.start());
    }
    clients.server_is_at(server.port());
    ASSERT_TRUE(clients.wait_until_done(Milliseconds(60'000)))
        << clients.unfinished() << not_ended(server.client());
    EXPECT_EQ(clients.complaints(), std::vector<std::string>());
    for (const auto& [id, what] : clients.made()) {
        const auto job = server.client().ended_job(id);
        EXPECT_EQ(text_at(job, "/status") == "CANCELLED", what.cancelled && !what.tried_again);
        check_storm_job(server.client(), job, what);
    }
    check_objects(server, all_jobs(server.client()));
    expect_nothing_left(server);
}

}  // namespace
}  // namespace darkroom::e2e
