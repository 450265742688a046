// A node that dies, hangs or is cut off: what it had is another's before long, and nothing is done twice.
#include <gtest/gtest.h>

#include "tests/nodes/cluster.h"
#include "tests/support/fault_proxy.h"

namespace darkroom::e2e {
namespace {

#define SKIP_WITHOUT_POSTGRES() \
    if (const auto why = testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why

TEST(LostNode, WhatAKilledNodeHadAtWorkIsDoneByAnother) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    auto& first = cluster.start("first");
    const auto ids = create_jobs(front.client(), 12);
    (void)eventually([&] { return cluster.held_by("first", "inflight") > 0; });
    first.kill9();
    cluster.start("second");
    expect_all_done(front.client(), ids);
    EXPECT_EQ(cluster.count("SELECT count(*) FROM inflight"), 0);
    cluster.expect_ended_once(front.client(), ids);
    EXPECT_EQ(cluster.count("SELECT count(*) FROM costs"), 0)
        << "work on a machine of one's own costs nothing";
    EXPECT_EQ(cluster.count("SELECT sum(cost_micro_usd) FROM attempts"), 0);
}

// Nobody works there yet, so all of them are on their way when the node is lost.
TEST(LostNode, F_A03_WhatAKilledNodeHasSentIsFollowedByAnotherAndNotSentAgain) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster({.endpoint_max = 8});
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    const Settings reached{{"BACKEND_BASE_URL", front.url()}};
    auto& first = cluster.start("first", reached);
    const auto ids = create_jobs(front.client(), 8);
    ASSERT_TRUE(eventually(
        [&] { return cluster.count("SELECT count(*) FROM remote_jobs WHERE state = 'submitted'") == 8; }));
    auto& second = cluster.start("second", reached);
    EXPECT_EQ(cluster.held_by("first", "remote_jobs"), 8);
    first.kill9();
    EXPECT_TRUE(eventually([&] { return cluster.held_by("second", "remote_jobs") == 8; },
                           Cluster::taken_over_within));
    cluster.start_worker();
    expect_all_done(second.client(), ids);
    EXPECT_EQ(cluster.submits().all, 8);
    EXPECT_EQ(cluster.submits().attempts, 8);
    EXPECT_EQ(cluster.count("SELECT max(attempt_count) FROM jobs"), 1);
    cluster.expect_paid_once(8);
}

// Whatever is told about an end takes half a second longer than it should, and in it a node is killed: its
// transaction is kept, or it never was.
TEST(LostNode, F_A03_WhatItCostIsCountedOnceThoughNodesDieWhileTheyCountIt) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster({.endpoint_max = 8});
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    const Settings reached{{"BACKEND_BASE_URL", front.url()}};
    auto& first = cluster.start("first", reached);
    const auto ids = create_jobs(front.client(), 8);
    ASSERT_TRUE(eventually(
        [&] { return cluster.count("SELECT count(*) FROM remote_jobs WHERE state = 'submitted'") == 8; }));
    testing::PostgresSession(cluster.postgres().url())
        .run(
            "SET search_path TO darkroom; CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN"
            " PERFORM pg_sleep(0.5); RETURN NULL; END$$; CREATE TRIGGER linger AFTER INSERT OR UPDATE ON "
            "costs"
            " FOR EACH ROW EXECUTE FUNCTION linger()");
    const auto counts = [&](const std::string& name) {
        return eventually(
            [&] {
                return cluster.count(
                           "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND"
                           " application_name = 'darkroom:" +
                           name + "'") > 0;
            },
            Milliseconds(30'000));
    };
    cluster.start_worker();
    ASSERT_TRUE(counts("first"));
    first.kill9();
    auto& second = cluster.start("second", reached);
    EXPECT_TRUE(counts("second"));
    second.kill9();
    cluster.start("third", reached);
    expect_all_done(front.client(), ids);
    cluster.expect_paid_once(8);
    cluster.expect_ended_once(front.client(), ids);
    EXPECT_EQ(cluster.submits().all, 8);
}

// RunPod has them, and the node does not know it: of one no answer ever comes, of the others it comes slowly
// and is read when another node follows them already.
TEST(LostNode, F_A03_SubmitsInMidAirAtAPausedNodeAreFollowedByAnotherAndPaidOnce) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster({.endpoint_max = 3});
    testing::FaultProxy proxy(cluster.endpoint_port());
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    const Settings reached{{"BACKEND_BASE_URL", front.url()},
                           {"RUNPOD_ENDPOINT_BASE_URL", proxy.endpoint() + "/v2"}};
    auto& first = cluster.start("first", reached);
    proxy.plan(testing::Fault::cut_before_reply(testing::Fault::End::hold), 1, testing::on("POST", "/run"));
    testing::Fault slow;
    slow.reply_bytes_per_second = 40;
    proxy.plan(slow, 2, testing::on("POST", "/run"));
    const auto ids = create_jobs(front.client(), 3);
    ASSERT_TRUE(eventually([&] { return cluster.submits().all == 3; }));
    EXPECT_EQ(cluster.count("SELECT count(*) FROM remote_jobs WHERE state = 'intended'"), 3);
    first.pause();
    auto& second = cluster.start("second", reached);
    ASSERT_TRUE(eventually([&] { return cluster.held_by("second", "remote_jobs") == 3; },
                           Cluster::taken_over_within));
    cluster.start_worker();
    expect_all_done(second.client(), ids);
    cluster.expect_paid_once(3);
    first.resume();
    EXPECT_TRUE(eventually(
        [&] { return cluster.count("SELECT count(*) FROM nodes WHERE name = 'first' AND gone = 0") == 1; }));
    // It has read its answers by the time it does more.
    expect_all_done(first.client(), create_jobs(first.client(), 2));
    EXPECT_TRUE(eventually(
        [&] { return first.log().find("nobody knows whether a submit arrived") != std::string::npos; },
        Milliseconds(60'000)));
    cluster.expect_paid_once(5);
    cluster.expect_ended_once(front.client(), ids);
    EXPECT_EQ(cluster.submits().all, 5);
    EXPECT_EQ(cluster.count("SELECT max(attempt_count) FROM jobs"), 1);
}

// The database has all that the node said of its claim, with locks that every claim needs, and waits for its
// next word.
TEST(LostNode, F_A03_ANodeThatWasPausedInTheMiddleOfAClaimHoldsNobodyUp) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster({.endpoint_max = 2});
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    const Settings reached{{"BACKEND_BASE_URL", front.url()}};
    auto& first = cluster.start("first", reached);
    testing::PostgresSession blocker(cluster.postgres().url());
    blocker.run("SET search_path TO darkroom; BEGIN; LOCK TABLE attempts");
    const auto ids = create_jobs(front.client(), 2);
    const auto is_at = [&](const std::string& event) {
        return eventually([&] {
            return cluster.count(
                       "SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype ="
                       " 'advisory' AND granted AND application_name = 'darkroom:first' AND wait_event = '" +
                       event + "'") > 0;
        });
    };
    ASSERT_TRUE(is_at("relation"));
    first.pause();
    const auto began = std::chrono::steady_clock::now();
    blocker.run("COMMIT");
    ASSERT_TRUE(is_at("ClientRead"));
    cluster.start("second", reached);
    cluster.start_worker();
    expect_all_done(front.client(), ids);
    EXPECT_LT(std::chrono::steady_clock::now() - began, Cluster::taken_over_within + Milliseconds(9'000));
    std::printf("another node did it all %.1f s after the pause\n",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    first.resume();
    EXPECT_TRUE(eventually(
        [&] { return cluster.count("SELECT count(*) FROM nodes WHERE name = 'first' AND gone = 0") == 1; },
        Milliseconds(20'000)));
    expect_all_done(first.client(), create_jobs(first.client(), 2));
    cluster.expect_paid_once(4);
    cluster.expect_ended_once(front.client(), ids);
    EXPECT_EQ(cluster.submits().all, 4);
}

// The rest of what it claimed waits behind submits that get no answer when the node is stopped.
TEST(LostNode, F_A03_ANodeThatWasPausedPastItsLeaseInMidSubmitSendsNothingMore) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster({.endpoint_max = 12, .endpoint_flags = {"--fault", "any_hang=always"}});
    auto& first = cluster.start("first");
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    const auto ids = create_jobs(front.client(), 12);
    ASSERT_TRUE(eventually([&] { return cluster.held_by("first", "inflight") == 12; }));
    first.pause();
    cluster.endpoint().faults(R"({"any_hang":"never"})");
    auto& second = cluster.start("second");
    ASSERT_TRUE(
        eventually([&] { return cluster.held_by("second", "inflight") == 12; }, Cluster::taken_over_within));
    const auto before = cluster.submits().all;
    first.resume();
    ASSERT_TRUE(eventually([&] { return first.log().find("was not sent") != std::string::npos; },
                           Milliseconds(40'000)));
    EXPECT_EQ(cluster.submits().all, before) << "it sent what was another's";
    // It goes on as another node.
    EXPECT_TRUE(eventually(
        [&] { return cluster.count("SELECT count(*) FROM nodes WHERE name = 'first' AND gone = 0") == 1; }));
    if (!wants_long_tests()) return;
    // What was intended is looked for two minutes after it was claimed, and then sent.
    cluster.start_worker();
    expect_all_done(second.client(), ids, Milliseconds(400'000));
    EXPECT_EQ(cluster.submits().all, cluster.submits().attempts);
    cluster.expect_paid_once(cluster.submits().all);
    cluster.expect_ended_once(front.client(), ids);
}

TEST(LostNode, ANodeThatIsCutOffFromTheDatabaseIsReplacedAndComesBackAsAnother) {
    SKIP_WITHOUT_POSTGRES();
    if (const auto why = testing::why_no_network_namespace(); !why.empty()) GTEST_SKIP() << why;
    testing::NetworkNamespace network;
    Cluster cluster({.postgres = {.listen = {network.outside()}}});
    auto& near = cluster.start("near");
    // Its pictures stay here: it only takes jobs, and is asked.
    auto& far = cluster.start(
        "far",
        {{"DATABASE_URL", cluster.postgres().url_from(network.outside())}, {"DARKROOM_ROLE", "dispatcher"}},
        &network);
    const auto far_id = [&] {
        return cluster.count("SELECT count(*) FROM nodes WHERE name = 'far' AND gone = 0");
    };
    ASSERT_EQ(far_id(), 1);
    network.cut_port(cluster.postgres().port());
    EXPECT_TRUE(eventually([&] { return far_id() == 0; }, Cluster::taken_over_within));
    EXPECT_TRUE(eventually([&] { return far.client().get("/readyz").status == 503; }, Milliseconds(20'000)));
    expect_all_done(near.client(), create_jobs(near.client(), 4));
    network.heal();
    EXPECT_TRUE(eventually([&] { return far_id() == 1; }, Milliseconds(40'000)));
    EXPECT_TRUE(eventually([&] { return far.client().get("/readyz").status == 200; }, Milliseconds(20'000)));
}

TEST(LostNode, ANodeThatIsStoppedInOrderIsGoneAtOnce) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster({.endpoint_max = 4});
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    auto& first =
        cluster.start("first", {{"DARKROOM_NODE_LEASE_S", "600"}, {"BACKEND_BASE_URL", front.url()}});
    const auto ids = create_jobs(front.client(), 4);
    ASSERT_TRUE(eventually(
        [&] { return cluster.count("SELECT count(*) FROM remote_jobs WHERE state = 'submitted'") == 4; }));
    auto& second = cluster.start("second");
    EXPECT_EQ(first.terminate().code, 0);
    EXPECT_TRUE(eventually([&] { return cluster.held_by("second", "remote_jobs") == 4; }));
    cluster.start_worker();
    expect_all_done(second.client(), ids);
    EXPECT_EQ(cluster.submits().all, 4);
}

// With the lease that nodes have: a minute, and five seconds for others to notice.
TEST(LostNode, WithinSixtyFiveSecondsAnotherHasWhatAKilledNodeHad) {
    SKIP_WITHOUT_POSTGRES();
    if (!wants_long_tests()) GTEST_SKIP() << "takes more than a minute: DARKROOM_LONG=1";
    Cluster cluster({.settings = {{"DARKROOM_NODE_LEASE_S", "60"}}, .endpoint_max = 8});
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    const Settings reached{{"BACKEND_BASE_URL", front.url()}};
    auto& first = cluster.start("first", reached);
    const auto ids = create_jobs(front.client(), 8);
    ASSERT_TRUE(eventually(
        [&] { return cluster.count("SELECT count(*) FROM remote_jobs WHERE state = 'submitted'") == 8; }));
    auto& second = cluster.start("second", reached);
    const auto killed_at = std::chrono::steady_clock::now();
    first.kill9();
    EXPECT_TRUE(
        eventually([&] { return cluster.held_by("second", "remote_jobs") == 8; }, Milliseconds(65'000)));
    std::printf("another node has all of it after %.1f s\n",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - killed_at).count());
    cluster.start_worker();
    expect_all_done(second.client(), ids);
    EXPECT_EQ(cluster.submits().all, 8);
    cluster.expect_paid_once(8);
}

}  // namespace
}  // namespace darkroom::e2e
