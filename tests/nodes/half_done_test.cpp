// What is done to a whole database at once and is killed in the middle: it has not happened, everybody is
// told so, and doing it again is all there is to do.
#include <gtest/gtest.h>

#include "tests/e2e/pictures.h"
#include "tests/nodes/cluster.h"
#include "tests/nodes/program_run.h"

namespace darkroom::e2e {
namespace {

class HalfDone : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
        cluster_ = std::make_unique<Cluster>();
    }
    Cluster& cluster() { return *cluster_; }
    ProgramRun run(const std::vector<std::string>& arguments) const {
        return run_program(cluster_->settings("x"), arguments);
    }
    /// Whether a program of this name hangs at a lock that the test holds.
    bool hangs(const std::string& application) {
        return eventually(
            [&] {
                return testing::PostgresSession(cluster().postgres().admin_url("darkroom"))
                           .value(
                               "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND"
                               " application_name = '" +
                               application + "'") == "1";
            },
            Milliseconds(20'000));
    }
    bool is_gone(const std::string& application) {
        return eventually(
            [&] {
                return testing::PostgresSession(cluster().postgres().admin_url("darkroom"))
                           .value("SELECT count(*) FROM pg_stat_activity WHERE application_name = '" +
                                  application + "'") == "0";
            },
            Milliseconds(20'000));
    }
    /// Whoever makes an index waits for the test, when half of the tables are there.
    testing::PostgresSession hold_at_indexes() {
        testing::PostgresSession holder(cluster().postgres().admin_url("darkroom"));
        holder.run(
            "CREATE FUNCTION public.hold() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN"
            " PERFORM pg_advisory_xact_lock(4711); END$$;"
            "CREATE EVENT TRIGGER hold ON ddl_command_start WHEN TAG IN ('CREATE INDEX')"
            " EXECUTE FUNCTION public.hold();"
            "SELECT pg_advisory_lock(4711)");
        return holder;
    }
    void expect_whole_schema() {
        EXPECT_EQ(run({"migrate", "up"}).code, 0);
        EXPECT_EQ(run({"migrate", "check"}).code, 0);
        auto& node = cluster().start("one");
        expect_all_done(node.client(), create_jobs(node.client(), 2));
    }

private:
    std::unique_ptr<Cluster> cluster_;
};

/// An installation with a file, whose gateway has ended.
struct Installation {
    explicit Installation(Cluster& cluster) : server(settings(cluster)) {
        ids = create_jobs(server.client(), 6);
        expect_all_done(server.client(), ids);
        EXPECT_EQ(server.terminate().code, 0);
    }
    static Settings settings(Cluster& cluster) {
        auto settings = cluster.bucket().settings();
        settings["COMFYUI_MODE"] = "local";
        settings["DARKROOM_API_KEY"] = NodeProcess::common_key();
        settings["DARKROOM_SIGNING_SECRET"] = cluster.settings("x")["DARKROOM_SIGNING_SECRET"];
        return settings;
    }
    std::string file() const { return (server.data_dir() / "darkroom.db").string(); }

    ServerProcess server;
    std::vector<std::string> ids;
};

TEST_F(HalfDone, ACopyThatWasKilledIsToldByTheTargetAndBegunAgain) {
    Installation old(cluster());
    const std::vector<std::string> copy{"db", "copy", "--from", old.file()};
    EXPECT_EQ(run({"migrate", "up"}).code, 0);
    const auto bytes = testing::read_file(old.file());
    testing::PostgresSession blocker(cluster().postgres().url());
    blocker.run("SET search_path TO darkroom");
    for (const std::string table : {"attempts", "jobs", "uploads"}) {
        blocker.run("BEGIN; LOCK TABLE " + table + " IN SHARE MODE");
        StartedProgram program(cluster().settings("x"), copy);
        ASSERT_TRUE(hangs("darkroom-copy")) << table;
        program.kill9();
        blocker.run("ROLLBACK");
        ASSERT_TRUE(is_gone("darkroom-copy"));
        for (const std::vector<std::string>& command :
             {std::vector<std::string>{"serve"}, {"migrate", "check"}, {"doctor"}}) {
            const auto told = run(command);
            EXPECT_NE(told.code, 0) << told.said;
            EXPECT_NE(told.said.find("has not come to its end"), std::string::npos) << told.said;
            EXPECT_EQ(told.said.find(testing::postgres_password), std::string::npos) << told.said;
        }
        for (const std::string of : {"jobs", "attempts", "api_keys", "nodes"})
            EXPECT_EQ(cluster().count("SELECT count(*) FROM " + of), 0) << of;
        EXPECT_TRUE(testing::read_file(old.file()) == bytes) << "the file was changed";
    }
    const auto copied = run(copy);
    EXPECT_EQ(copied.code, 0) << copied.said;
    std::printf("%s", copied.said.c_str());
    EXPECT_EQ(run({"migrate", "check"}).code, 0);
    auto& node = cluster().start("one");
    expect_all_done(node.client(), old.ids);
    expect_all_done(node.client(), create_jobs(node.client(), 2));
    EXPECT_EQ(cluster().count("SELECT count(*) FROM jobs"), 8);
    cluster().expect_ended_once(node.client(), old.ids);
    EXPECT_TRUE(testing::read_file(old.file()) == bytes) << "the file was changed";
    old.server.start();
    expect_all_done(old.server.client(), old.ids);
}

// Its server goes on alone: it makes all of the step or nothing.
TEST_F(HalfDone, AMigrationWhoseProgramWasKilledIsMadeOrMadeAgain) {
    auto holder = hold_at_indexes();
    StartedProgram program(cluster().settings("x"), {"migrate", "up"});
    ASSERT_TRUE(hangs("darkroom-migrate"));
    program.kill9();
    EXPECT_EQ(run({"migrate", "check"}).code, 1) << "half of it is seen";
    holder.run("SELECT pg_advisory_unlock(4711)");
    ASSERT_TRUE(is_gone("darkroom-migrate"));
    expect_whole_schema();
}

TEST_F(HalfDone, AMigrationWhoseServerWasKilledIsMadeAgain) {
    {
        const auto holder = hold_at_indexes();
        StartedProgram program(cluster().settings("x"), {"migrate", "up"});
        ASSERT_TRUE(hangs("darkroom-migrate"));
        cluster().postgres().kill9();
        const auto told = program.wait();
        EXPECT_EQ(told.code, 1) << told.said;
    }
    cluster().postgres().start();
    const auto check = run({"migrate", "check"});
    EXPECT_EQ(check.code, 1);
    EXPECT_NE(check.said.find("no schema yet"), std::string::npos) << check.said;
    expect_whole_schema();
}

}  // namespace
}  // namespace darkroom::e2e
