// A node that dies, hangs or is cut off: what it had is another's before long, and nothing is done twice.
#include <gtest/gtest.h>

#include "tests/nodes/cluster.h"

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
    first.kill9();
    EXPECT_TRUE(
        eventually([&] { return cluster.held_by("second", "remote_jobs") == 8; }, Milliseconds(65'000)));
    cluster.start_worker();
    expect_all_done(second.client(), ids);
    EXPECT_EQ(cluster.submits().all, 8);
}

}  // namespace
}  // namespace darkroom::e2e
