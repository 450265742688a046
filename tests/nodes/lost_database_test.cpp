// The database goes away and comes back in all its ways: nothing that was accepted is lost, callers have an
// answer in bounded time, and everything goes on without a restart.
#include <gtest/gtest.h>

#include "tests/e2e/fake_time.h"
#include "tests/e2e/pictures.h"
#include "tests/nodes/cluster.h"

namespace darkroom::e2e {
namespace {

#define SKIP_WITHOUT_POSTGRES() \
    if (const auto why = testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why

using Stop = testing::PostgresServer::Stop;

bool takes_jobs_again(const NodeProcess& node, Milliseconds at_most = Milliseconds(30'000)) {
    return eventually([&] { return node.client().get("/readyz").status == 200; }, at_most);
}

/// Clients are told to try later, when, and soon; returns how long it took.
std::chrono::duration<double> expect_bounded_refusal(const Reply& reply,
                                                     std::chrono::steady_clock::time_point began) {
    const auto took = std::chrono::steady_clock::now() - began;
    EXPECT_EQ(reply.status, 503) << reply.body();
    EXPECT_FALSE(reply.header("Retry-After").empty());
    EXPECT_LT(took, std::chrono::seconds(40));
    return took;
}

TEST(LostDatabase, RestartedUnderTheNodesItCostsNoJob) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    auto& one = cluster.start("one");
    auto& two = cluster.start("two");
    for (const auto how : {Stop::fast, Stop::immediate}) {
        const auto ids = create_jobs(one.client(), 8);
        cluster.postgres().restart(how);
        ASSERT_TRUE(takes_jobs_again(one));
        ASSERT_TRUE(takes_jobs_again(two));
        expect_all_done(two.client(), ids);
    }
}

TEST(LostDatabase, KilledItCostsNoJob) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    auto& one = cluster.start("one");
    const auto ids = create_jobs(one.client(), 8);
    cluster.postgres().kill9();
    cluster.postgres().start();
    ASSERT_TRUE(takes_jobs_again(one));
    expect_all_done(one.client(), ids);
}

// Longer than the lease: both join anew. Ten seconds, or two minutes where tests may take long.
TEST(LostDatabase, GoneForLongerThanTheLeaseEverythingGoesOnWhenItIsBack) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster({.endpoint_max = 8});
    auto& one = cluster.start("one");
    auto& two = cluster.start("two");
    const auto ids = create_jobs(one.client(), 6);
    ASSERT_TRUE(eventually(
        [&] { return cluster.count("SELECT count(*) FROM remote_jobs WHERE state = 'submitted'") == 6; }));
    cluster.postgres().stop(Stop::fast);
    const auto back_at =
        std::chrono::steady_clock::now() + std::chrono::seconds(wants_long_tests() ? 120 : 10);
    int refused = 0;
    std::chrono::duration<double> longest{0};
    const auto form = make_form("shoe.png", disc_png(64, 48), {{"type", "jpeg_to_png"}});
    for (; std::chrono::steady_clock::now() < back_at; refused += 2) {
        auto began = std::chrono::steady_clock::now();
        longest = std::max(longest, expect_bounded_refusal(one.client().get("/api/v1/jobs"), began));
        began = std::chrono::steady_clock::now();
        const auto creation =
            two.client().call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}});
        longest = std::max(longest, expect_bounded_refusal(creation, began));
        EXPECT_EQ(two.client().get("/readyz").status, 503);
        EXPECT_EQ(two.client().get("/healthz").status, 200);
    }
    cluster.postgres().start();
    const auto started = std::chrono::steady_clock::now();
    ASSERT_TRUE(takes_jobs_again(one));
    ASSERT_TRUE(takes_jobs_again(two));
    const std::chrono::duration<double> again = std::chrono::steady_clock::now() - started;
    cluster.start_worker();
    expect_all_done(one.client(), ids);
    EXPECT_EQ(cluster.submits().all, 6) << "what was at work there was sent again";
    cluster.expect_paid_once(6);
    expect_all_done(two.client(), create_jobs(two.client(), 2));
    EXPECT_EQ(cluster.count("SELECT count(*) FROM jobs"), 8) << "what was refused was kept";
    std::printf("%d requests refused, the slowest after %.2f s; both ready %.1f s after the database\n",
                refused, longest.count(), again.count());
}

TEST(LostDatabase, ConnectionsThatAreKilledAgainAndAgainCostNoJob) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    auto& one = cluster.start("one");
    auto& two = cluster.start("two");
    std::vector<std::string> accepted;
    for (int round = 0; round < 8; ++round) {
        const auto form =
            make_form("shoe.png", disc_png(64, 48, std::uint32_t(round)), {{"type", "jpeg_to_png"}});
        const auto& node = round % 2 == 0 ? one : two;
        const auto reply =
            node.client().call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}});
        if (reply.status == 201) accepted.push_back(text_at(reply.json(), "/id"));
        EXPECT_TRUE(reply.status == 201 || reply.status == 503) << reply.status << reply.body();
        EXPECT_GT(cluster.postgres().kill_backends("darkroom%"), 0);
    }
    ASSERT_TRUE(takes_jobs_again(one));
    expect_all_done(one.client(), accepted);
}

TEST(LostDatabase, FailedOverToAPromotedReplicaItCostsNoJob) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    auto standby = cluster.postgres().make_standby();
    cluster.postgres().replicate_synchronously();
    const Settings both{{"DATABASE_URL", cluster.postgres().url_with(*standby)}};
    auto& one = cluster.start("one", both);
    auto& two = cluster.start("two", both);
    const auto ids = create_jobs(one.client(), 6);
    cluster.postgres().kill9();
    standby->promote();
    ASSERT_TRUE(takes_jobs_again(one, Milliseconds(60'000)));
    ASSERT_TRUE(takes_jobs_again(two, Milliseconds(60'000)));
    expect_all_done(two.client(), ids);
    expect_all_done(one.client(), create_jobs(one.client(), 2));
}

// What the nodes agree on goes by the database's clock.
TEST(LostDatabase, ANodeWhoseClockIsFiveMinutesOffDoesNoHarm) {
    SKIP_WITHOUT_POSTGRES();
    if (!can_fake_time()) GTEST_SKIP() << "there is no libfaketime, or a sanitizer does not bear it";
    for (const std::string offset : {"+5m", "-5m"}) {
        Cluster cluster;
        auto& right = cluster.start("right");
        auto& wrong = cluster.start("wrong", time_moved_by(offset));
        const auto ids = create_jobs(right.client(), 4);
        const auto others = create_jobs(wrong.client(), 4);
        expect_all_done(wrong.client(), ids);
        expect_all_done(right.client(), others);
        EXPECT_EQ(cluster.count("SELECT count(*) FROM nodes WHERE gone = 0"), 2);
        EXPECT_EQ(cluster.count("SELECT max(attempt_count) FROM jobs"), 1)
            << "taken over though it was alive";
        wrong.kill9();
        EXPECT_TRUE(
            eventually([&] { return cluster.count("SELECT count(*) FROM nodes WHERE gone = 0") == 1; },
                       Cluster::taken_over_within));
    }
}

}  // namespace
}  // namespace darkroom::e2e
