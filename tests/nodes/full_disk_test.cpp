// The disk of the database is full. In a mount namespace of its own, so it shares a process with no other
// test.
#include <gtest/gtest.h>

#include "tests/e2e/pictures.h"
#include "tests/nodes/cluster.h"
#include "tests/support/small_disk.h"

namespace darkroom::e2e {
namespace {

// Postgres stops by itself when its log finds no room; an operator makes room and starts it again.
TEST(FullDiskOfTheDatabase, CostsNoAcceptedJobAndNoRestartOfANode) {
    if (const auto why = testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
    const testing::SmallDisk disk("160m");
    if (const auto why = disk.why_not(); !why.empty()) GTEST_SKIP() << why;
    Cluster cluster({.postgres = {.folder = disk.path()}});
    auto& one = cluster.start("one");
    auto accepted = create_jobs(one.client(), 4);
    const auto upload = one.client().upload(disc_png(64, 48));
    disk.fill();
    testing::PostgresSession writer(cluster.postgres().admin_url());
    bool refused = false;
    for (int i = 0; i < 200 && !refused; ++i)
        refused = !writer.try_rows("select pg_logical_emit_message(true, '', repeat('x', 1000000))").ok();
    ASSERT_TRUE(refused);
    ASSERT_TRUE(cluster.postgres().ended_by_itself(Milliseconds(30'000)));
    const auto reply = one.client().post("/api/v1/jobs", job_request("jpeg_to_png", "{}", upload));
    EXPECT_EQ(reply.status, 503) << reply.body();
    disk.relieve();
    cluster.postgres().start();
    ASSERT_TRUE(eventually([&] { return one.client().get("/readyz").status == 200; }, Milliseconds(40'000)));
    accepted.push_back(one.client().create_with("jpeg_to_png", disc_png(64, 48)));
    expect_all_done(one.client(), accepted);
}

}  // namespace
}  // namespace darkroom::e2e
