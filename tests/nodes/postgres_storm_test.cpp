// kill -9 in the middle of everything, on Postgres: two nodes over one database, each killed again and again,
// now and then both at once, and the database with them. Eight clients create, cancel, try again and follow
// jobs of three users meanwhile, at whichever node answers. In the end every job that was ever acknowledged
// exists and has ended once, and nothing of the queue is left.
//
// The short form runs with the other tests. DARKROOM_STORM=long is the promise itself (./dev storm
// --postgres). DARKROOM_STORM_SEED repeats a storm as far as chance is ours.
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <iostream>
#include <random>
#include <set>

#include "tests/conformance/row_checks.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/storm_checks.h"
#include "tests/nodes/cluster.h"
#include "tests/support/process_table.h"

namespace darkroom::e2e {
namespace {

namespace json = boost::json;

/// Kills what it is told to, and starts it again as a supervisor does: until it stays.
class Storm {
public:
    /// `more`: settings of both nodes.
    Storm(Cluster& cluster, std::uint32_t seed, const Settings& more = {})
        : cluster_(cluster),
          random_(seed),
          nodes_{&cluster.start("one", more), &cluster.start("two", more)} {}

    NodeProcess& node(std::size_t place) { return *nodes_[place]; }
    std::vector<std::uint16_t> ports() { return {nodes_[0]->server().port(), nodes_[1]->server().port()}; }
    Milliseconds up_to(unsigned milliseconds) { return Milliseconds(random_() % (milliseconds + 1)); }

    /// The so many-th blow; what it hit is at work again when it returns.
    void strike(int number, StormClients& clients, bool has_time) {
        auto& either = node(random_() % 2);
        switch (number % 10) {
            case 2:
                return strike_both_nodes();
            case 4:
                return strike_database(&either);
            case 6:
                return strike_backend();
            case 8:
                return strike_database(nullptr);
            case 9:
                return strike_node(either, has_time);
            default:
                if (random_() % 4 == 0) {  // and again while it starts
                    kill(either);
                    either.server().spawn();
                    clients.wait_until_done(up_to(60));
                }
                return strike_node(either, false);
        }
    }

    std::string told() const {
        return std::to_string(nodes_killed_) + " times a node was killed, " +
               std::to_string(databases_killed_) + " times the database, " +
               std::to_string(backends_killed_) + " times one of its processes";
    }

private:
    // It gives up where the database is not back yet.
    void bring_up(NodeProcess& node) {
        ASSERT_TRUE(eventually([&] { return node.server().try_to_start(); }, Milliseconds(60'000)))
            << node.log();
    }

    void kill(NodeProcess& node) {
        node.kill9();
        ++nodes_killed_;
    }

    /// `until_taken_over`: it stays away until the other one has what it had.
    void strike_node(NodeProcess& node, bool until_taken_over) {
        kill(node);
        const auto one_is_left = [&] {
            return cluster_.postgres().value("select count(*) from darkroom.nodes where gone = 0",
                                             testing::postgres_role) == "1";
        };
        if (until_taken_over) {
            EXPECT_TRUE(eventually(one_is_left, Cluster::taken_over_within));
        }
        bring_up(node);
    }

    void strike_both_nodes() {
        for (auto* node : nodes_) kill(*node);
        for (auto* node : nodes_) bring_up(*node);
    }

    /// `with`: a node that does not see it again.
    void strike_database(NodeProcess* with) {
        cluster_.postgres().kill9();
        ++databases_killed_;
        if (with != nullptr) kill(*with);
        cluster_.postgres().start();
        if (with != nullptr) bring_up(*with);
    }

    /// The process behind one connection: Postgres ends all the others then, and reads its log again.
    void strike_backend() {
        const auto pid = cluster_.postgres().value(
            "select pid from pg_stat_activity where backend_type = 'client backend' and application_name "
            "like "
            "'darkroom%' order by pid offset " +
            std::to_string(random_() % 4) + " limit 1");
        if (pid.empty()) return;
        ::kill(std::stoi(pid), SIGKILL);
        ++backends_killed_;
    }

    Cluster& cluster_;
    std::mt19937 random_;
    std::array<NodeProcess*, 2> nodes_;
    int nodes_killed_ = 0;
    int databases_killed_ = 0;
    int backends_killed_ = 0;
};

void rage(Storm& storm, StormClients& clients, const StormPlan& plan) {
    for (int kill = 1; kill <= plan.kills; ++kill) {
        clients.allow(plan.jobs * kill / plan.kills);
        clients.servers_are_at(storm.ports());
        clients.wait_until_done(Milliseconds(15) + storm.up_to(400));
        storm.strike(kill, clients, plan.kills >= 50);
        if (::testing::Test::HasFatalFailure()) return;
    }
    clients.allow(plan.jobs);
    clients.servers_are_at(storm.ports());
}

/// The database itself, row by row: what no answer of a node could hide.
void check_rows(Cluster& cluster, int nodes) {
    const std::string ends = "('SUCCEEDED', 'FAILED', 'CANCELLED')";
    EXPECT_EQ(cluster.count("SELECT count(*) FROM jobs WHERE status NOT IN " + ends), 0);
    EXPECT_EQ(cluster.count("SELECT count(*) FROM attempts WHERE status NOT IN " + ends), 0);
    EXPECT_EQ(cluster.count("SELECT count(*) FROM (SELECT job_seq FROM attempts WHERE status = 'SUCCEEDED' "
                            "GROUP BY job_seq HAVING count(*) > 1) doubled"),
              0);
    for (const std::string table : {"inflight", "ready", "backlog", "delayed"})
        EXPECT_EQ(cluster.count("SELECT count(*) FROM " + table), 0) << table;
    EXPECT_EQ(cluster.count("SELECT count(*) FROM flow WHERE admitted <> 0 OR waiting <> 0"), 0);
    EXPECT_EQ(cluster.count("SELECT count(*) FROM nodes WHERE gone = 0"), nodes);
}

/// How many users' bytes are not what counting the rows says; what else tallies say is among the row checks.
std::int64_t wrong_bytes(Cluster& cluster, const std::string& what, const std::string& counted) {
    return cluster.count(
        "SELECT count(*) FROM (SELECT label, sum(value) AS value FROM tallies WHERE what = '" + what +
        "' GROUP BY label HAVING sum(value) <> 0) told FULL JOIN (" + counted +
        ") counted USING (label) WHERE told.value IS DISTINCT FROM counted.value");
}

void check_tallies(Cluster& cluster) {
    for (const auto& [problem, sql] : conformance::row_checks)
        EXPECT_EQ(cluster.count("SELECT CAST(CAST(found AS text) IN ('0', 'f', 'false') AS int) FROM (" +
                                std::string(sql) + ") checked (found)"),
                  1)
            << problem;
    for (const std::string what : {"inputs", "outputs"})
        EXPECT_GT(cluster.count("SELECT sum(value) FROM tallies WHERE what = '" + what + "'"), 0) << what;
    EXPECT_EQ(wrong_bytes(cluster, "inputs",
                          "SELECT user_id AS label, sum((image::json ->> 'bytes')::bigint) AS value FROM "
                          "uploads WHERE image IS NOT NULL GROUP BY 1"),
              0);
    EXPECT_EQ(
        wrong_bytes(cluster, "outputs",
                    "SELECT user_id AS label, sum((output ->> 'bytes')::bigint) AS value FROM jobs JOIN "
                    "attempts ON job_seq = seq, json_array_elements(attempts.outputs::json) output "
                    "GROUP BY 1"),
        0);
}

std::set<std::string> shown_objects(const std::string& bucket, const std::vector<json::value>& jobs) {
    std::set<std::string> shown;
    const auto show = [&](const std::string& url) {
        const auto path = url.substr(0, url.find('?'));
        if (const auto at = path.find("/" + bucket + "/"); at != std::string::npos)
            shown.insert(path.substr(at + bucket.size() + 2));
    };
    for (const auto& job : jobs) {
        for (const auto& attempt : items_at(job, "/attempts")) {
            for (const auto& output : items_at(attempt, "/outputs")) show(text_at(output, "/url"));
        }
        show(text_at(job, "/thumbnail_url"));
    }
    return shown;
}

int remove_orphans(const ApiClient& client) {
    std::string place;
    int orphans = 0;
    do {
        const auto page = client
                              .post("/api/v1/admin/orphans",
                                    R"({"older_than_s":0,"remove":true,"place":")" + place + R"("})")
                              .json();
        orphans += static_cast<int>(items_at(page, "/orphans").size());
        place = text_at(page, "/next");
    } while (!place.empty());
    return orphans;
}

std::set<std::string> results_in(Cluster& cluster) {
    std::set<std::string> results;
    for (const auto& key : cluster.bucket().keys()) {
        if (key.starts_with("restored/") || key.starts_with("thumbnails/")) results.insert(key);
    }
    return results;
}

/// Every result that some job shows is in the bucket. What an attempt had stored when its node was killed is
/// removed by who takes it over, but for where that one is killed too: the janitor finds it. Not at once, as
/// the storage tells the second in which something was stored rounded up, so it is not of the past yet.
int check_objects(Cluster& cluster, const ApiClient& client, const std::vector<json::value>& jobs) {
    const auto shown = shown_objects(cluster.bucket().name(), jobs);
    int orphans = 0;
    EXPECT_TRUE(eventually([&] {
        orphans += remove_orphans(client);
        return results_in(cluster) == shown;
    }));
    EXPECT_EQ(results_in(cluster), shown);
    return orphans;
}

bool is_darkroom(const testing::ProcessEntry& entry) { return entry.name.starts_with("darkroom"); }

TEST(PostgresStorm, EveryAcknowledgedJobExistsAndEndsOnceHoweverOftenNodesAndDatabaseAreKilled) {
    if (const auto why = testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
    const auto plan =
        storm_plan({.kills = 10, .jobs = 60, .users = 3, .retries = true, .follows = true}, 100, 1'000);
    std::cout << "storm on Postgres: seed " << plan.seed << ", " << plan.kills << " blows, " << plan.jobs
              << " jobs\n";
    SCOPED_TRACE("seed " + std::to_string(plan.seed));
    const testing::Orphanage orphanage;
    Cluster cluster;
    Storm storm(cluster, plan.seed);
    StormClients clients(plan, NodeProcess::common_key());
    ASSERT_NO_FATAL_FAILURE(rage(storm, clients, plan));
    ASSERT_TRUE(clients.wait_until_done(Milliseconds(120'000)))
        << "the clients did not come to an end: " << clients.unfinished();
    EXPECT_EQ(clients.complaints(), std::vector<std::string>());

    const auto made = clients.made();
    for (const auto& [id, what] : made) {
        SCOPED_TRACE(id);
        const auto client = storm.node(id.back() % 2).client();
        check_storm_job(client, client.ended_job(id), what);
    }
    const auto jobs = all_jobs(storm.node(0).client());
    EXPECT_EQ(jobs.size(), made.size()) << "each request was to make one job, however often it was repeated";
    std::map<std::string, int> ends;
    for (const auto& job : jobs) {
        EXPECT_EQ(made.count(text_at(job, "/id")), 1u) << job;
        ++ends[text_at(job, "/status")];
    }
    EXPECT_GT(ends["SUCCEEDED"], plan.jobs / 2);
    for (const std::size_t place : {0u, 1u}) expect_nothing_left(storm.node(place).server());
    check_rows(cluster, 2);
    check_tallies(cluster);
    const auto orphans = check_objects(cluster, storm.node(1).client(), jobs);

    for (const std::size_t place : {0u, 1u}) {
        EXPECT_EQ(storm.node(place).terminate().code, 0);
        EXPECT_EQ(storm.node(place).log().find("counted wrong"), std::string::npos) << "shares of users";
    }
    EXPECT_TRUE(eventually([&] {
        const auto left = orphanage.still_running({});
        return std::none_of(left.begin(), left.end(), is_darkroom);
    })) << "a process outlived its node";
    std::cout << "storm on Postgres: " << storm.told() << "; " << jobs.size() << " jobs: " << told(ends)
              << "; " << orphans << " objects of attempts that were killed twice\n";
}

/// One success at most, the right end, and what was made.
void check_remote_job(const ApiClient& client, const json::value& job, const MadeJob& made) {
    const auto status = text_at(job, "/status");
    EXPECT_EQ(status, made.cancelled && !made.tried_again ? "CANCELLED" : "SUCCEEDED") << job;
    EXPECT_EQ(status == "SUCCEEDED", !items_at(job, "/outputs").empty());
    const auto events = client.events(text_at(job, "/id"));
    const auto ends = std::count_if(events.begin(), events.end(), [](const auto& event) {
        return text_at(event, "/status") == "SUCCEEDED";
    });
    EXPECT_EQ(ends, status == "SUCCEEDED" ? 1 : 0) << "charged more than once";
    for (std::size_t i = 0; i < events.size(); ++i)
        EXPECT_EQ(number_at(events[i], "/seq"), static_cast<std::int64_t>(i) + 1) << "a gap in the timeline";
}

// What was about to be sent when its node was killed is looked for before it is sent again, which takes two
// minutes; so this one runs in the long form only. Workers reach a node that is not killed.
TEST(PostgresStorm, WhatRunsElsewhereIsPaidOnceHoweverOftenNodesAndDatabaseAreKilled) {
    if (const auto why = testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
    const auto plan = storm_plan({.jobs = 0, .users = 3, .retries = true, .follows = true}, 40, 400);
    if (plan.jobs == 0) GTEST_SKIP() << "takes minutes: ./dev storm --postgres";
    std::cout << "storm over RunPod and Postgres: seed " << plan.seed << "\n";
    SCOPED_TRACE("seed " + std::to_string(plan.seed));
    Cluster cluster({.endpoint_max = 16});
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    Storm storm(cluster, plan.seed, {{"BACKEND_BASE_URL", front.url()}});
    for (int i = 0; i < 2; ++i) cluster.start_worker();
    StormClients clients(plan, NodeProcess::common_key());
    ASSERT_NO_FATAL_FAILURE(rage(storm, clients, plan));
    ASSERT_TRUE(clients.wait_until_done(Milliseconds(600'000)))
        << "the clients did not come to an end: " << clients.unfinished();
    EXPECT_EQ(clients.complaints(), std::vector<std::string>());
    const auto made = clients.made();
    for (const auto& [id, what] : made) {
        SCOPED_TRACE(id);
        check_remote_job(front.client(), front.client().ended_job(id, Milliseconds(600'000)), what);
    }
    EXPECT_EQ(all_jobs(front.client()).size(), made.size());
    EXPECT_TRUE(eventually(
        [&] {
            return cluster.count(
                       "SELECT count(*) FROM remote_jobs WHERE state <> 'ended' AND remote_id <> ''") == 0;
        },
        Milliseconds(300'000)));
    check_rows(cluster, 3);
    check_tallies(cluster);
    const auto submits = cluster.submits();
    EXPECT_GE(cluster.count("SELECT count(*) FROM remote_jobs"), submits.all) << "what costs is known";
    const auto unnamed = cluster.count("SELECT count(*) FROM remote_jobs WHERE remote_id IS NULL");
    std::cout << "storm over RunPod and Postgres: " << storm.told() << "; " << made.size() << " jobs, "
              << submits.all << " submits of " << submits.attempts << " attempts, " << unnamed
              << " intended or never named\n";
}

}  // namespace
}  // namespace darkroom::e2e
