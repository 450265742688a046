// What an operator does to the database without a gateway: moving in from SQLite, and looking at its health.
#include <gtest/gtest.h>

#include "tests/e2e/pictures.h"
#include "tests/nodes/cluster.h"
#include "tests/nodes/program_run.h"
#include "tests/support/pg_bouncer.h"

namespace darkroom::e2e {
namespace {

#define SKIP_WITHOUT_POSTGRES() \
    if (const auto why = testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why

TEST(DatabaseCommands, AnInstallationMovesFromSqliteWithAllItsJobs) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    auto alone = cluster.bucket().settings();
    alone["COMFYUI_MODE"] = "local";
    alone["DARKROOM_API_KEY"] = NodeProcess::common_key();
    alone["DARKROOM_SIGNING_SECRET"] = cluster.settings("x")["DARKROOM_SIGNING_SECRET"];
    ServerProcess old(alone);
    const auto ids = create_jobs(old.client(), 5);
    expect_all_done(old.client(), ids);
    const auto file = (old.data_dir() / "darkroom.db").string();
    const std::vector<std::string> copy{"db", "copy", "--from", file};

    const auto in_use = run_program(cluster.settings("x"), copy);
    EXPECT_EQ(in_use.code, 1);
    EXPECT_NE(in_use.said.find("in use"), std::string::npos) << in_use.said;
    old.freeze_workers();
    const auto waiting = create_jobs(old.client(), 3);
    old.kill9();

    const auto copied = run_program(cluster.settings("x"), copy);
    EXPECT_EQ(copied.code, 0) << copied.said;
    EXPECT_EQ(copied.said.find(testing::postgres_password), std::string::npos);
    EXPECT_EQ(cluster.count("SELECT count(*) FROM jobs"), 8);
    const auto again = run_program(cluster.settings("x"), copy);
    EXPECT_EQ(again.code, 1);
    EXPECT_NE(again.said.find("not empty"), std::string::npos) << again.said;

    auto& node = cluster.start("one");
    expect_all_done(node.client(), ids);
    expect_all_done(node.client(), waiting);
    expect_all_done(node.client(), create_jobs(node.client(), 2));
    EXPECT_EQ(cluster.count("SELECT count(DISTINCT seq) FROM jobs"), 10);
}

TEST(DatabaseCommands, ACopyThatCannotBeSaysWhyAndLeavesNothing) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    EXPECT_EQ(run_program(cluster.settings("x"), {"db", "copy", "--from", "/nowhere/at/all.db"}).code, 1);
    EXPECT_EQ(run_program(cluster.settings("x"), {"db", "copy"}).code, 1);
    testing::TempDir dir;
    testing::write_file(dir.path() / "not.db", std::string(8'192, 'x'));
    const auto foreign =
        run_program(cluster.settings("x"), {"db", "copy", "--from", (dir.path() / "not.db").string()});
    EXPECT_EQ(foreign.code, 1) << foreign.said;
    EXPECT_EQ(cluster.count("SELECT count(*) FROM jobs"), 0);
    EXPECT_EQ(cluster.count("SELECT count(*) FROM settings"), 0)
        << "it was not killed, so nobody need be told";
    auto without = cluster.settings("x");
    without.erase("DATABASE_URL");
    EXPECT_EQ(run_program(without, {"db", "copy", "--from", (dir.path() / "not.db").string()}).code, 1);
    EXPECT_EQ(run_program(without, {"nodes"}).code, 1);
}

TEST(DatabaseCommands, OfADatabaseWithoutASchemaNobodyIsToldAStatement) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    const auto told = run_program(cluster.settings("x"), {"nodes"});
    EXPECT_EQ(told.code, 1);
    EXPECT_NE(told.said.find("no schema of Darkroom yet"), std::string::npos) << told.said;
    EXPECT_EQ(told.said.find("SELECT"), std::string::npos) << told.said;
    cluster.start("one");
    const auto listed = run_program(cluster.settings("x"), {"nodes"});
    EXPECT_EQ(listed.code, 0);
    EXPECT_NE(listed.said.find("one"), std::string::npos) << listed.said;
    EXPECT_NE(listed.said.find("LAST SEEN"), std::string::npos) << listed.said;
}

TEST(DatabaseCommands, DoctorLooksAtTheDatabase) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    cluster.start("one");
    const auto well = run_program(cluster.settings("x"), {"doctor"});
    for (const std::string about : {"database TLS", "database clock", "database schema", "database pooler",
                                    "database sync", "database vacuum", "database transactions"})
        EXPECT_NE(well.said.find(about), std::string::npos) << well.said;
    EXPECT_EQ(well.said.find("FAIL"), std::string::npos) << well.said;
    EXPECT_EQ(well.said.find(testing::postgres_password), std::string::npos) << well.said;
    cluster.postgres().stop();
    const auto gone = run_program(cluster.settings("x"), {"doctor"});
    EXPECT_NE(gone.said.find("FAIL"), std::string::npos) << gone.said;
    EXPECT_EQ(gone.said.find(testing::postgres_password), std::string::npos) << gone.said;
}

TEST(DatabaseCommands, DoctorNamesASettingOfTheServerThatLosesJobsOrSlowsClaims) {
    SKIP_WITHOUT_POSTGRES();
    testing::PostgresPlan plan;
    plan.settings = {{"fsync", "off"}, {"autovacuum", "off"}};
    testing::PostgresServer careless(plan);
    const auto database = careless.new_database();
    Cluster cluster;
    const auto told = run_program(cluster.settings("x", {{"DATABASE_URL", database->url()}}), {"doctor"});
    EXPECT_NE(told.code, 0);
    for (const std::string what : {"fsync is off", "autovacuum is off"})
        EXPECT_NE(told.said.find(what), std::string::npos) << told.said;
}

TEST(DatabaseCommands, APoolerInTheWrongModeIsNamedByServeAndDoctorAndOneInTheRightModeServes) {
    SKIP_WITHOUT_POSTGRES();
    if (const auto why = testing::why_no_pg_bouncer(); !why.empty()) GTEST_SKIP() << why;
    Cluster cluster;
    {
        const testing::PgBouncer by_transaction(cluster.postgres(), testing::PgBouncer::Mode::transaction);
        const auto settings = cluster.settings("x", {{"DATABASE_URL", by_transaction.url()}});
        for (const std::string command : {"serve", "doctor"}) {
            const auto told = run_program(settings, {command});
            EXPECT_NE(told.code, 0) << command;
            EXPECT_NE(told.said.find("session mode"), std::string::npos) << told.said;
            EXPECT_EQ(told.said.find(testing::postgres_password), std::string::npos) << told.said;
            std::printf("%s", told.said.c_str());
        }
    }
    const testing::PgBouncer by_session(cluster.postgres(), testing::PgBouncer::Mode::session,
                                        {{"default_pool_size", "40"}});
    auto& node = cluster.start("one", {{"DATABASE_URL", by_session.url()}});
    expect_all_done(node.client(), create_jobs(node.client(), 4));
}

}  // namespace
}  // namespace darkroom::e2e
