// A leader that was stopped or cut off in the middle of its work, and comes back when another one leads: it
// writes nothing more, and what one of all must do is done by one.
#include <gtest/gtest.h>

#include "tests/e2e/pictures.h"
#include "tests/nodes/cluster.h"

namespace darkroom::e2e {
namespace {

const Settings removing_soon{{"DARKROOM_RETENTION_JOBS", "1s"},
                             {"DARKROOM_RETENTION_INPUT", "off"},
                             {"DARKROOM_RETENTION_OUTPUT", "off"}};

class TwoLeaders : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
    }

    /// Jobs whose time is over at once, made by a node that is gone again.
    void make_old_jobs(Cluster& cluster, int jobs) {
        auto& maker = cluster.start("maker");
        expect_all_done(maker.client(), create_jobs(maker.client(), jobs));
        EXPECT_EQ(maker.terminate().code, 0);
        EXPECT_TRUE(eventually([&] {
            return cluster.count(
                       "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) -"
                       " max(finished_at) FROM jobs") > 2'000;
        }));
        write_down_who_removes(cluster);
    }

    /// Each row that retention changes is noted with who did it, who led, and in which term.
    static void write_down_who_removes(Cluster& cluster) {
        (void)cluster.value(
            "CREATE TABLE removals (who text, led text, term bigint);"
            "CREATE FUNCTION note_removal() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
            " IF current_setting('application_name') = 'darkroom:far' THEN PERFORM "
            "pg_advisory_xact_lock(4711);"
            " END IF; INSERT INTO removals SELECT current_setting('application_name'), 'darkroom:' || name, "
            "term FROM leader LEFT JOIN "
            "nodes"
            " ON nodes.id = node AND leader.until > extract(epoch FROM clock_timestamp()) * 1000; RETURN "
            "NULL;"
            " END$$;"
            "CREATE TRIGGER note_removal AFTER UPDATE ON retention FOR EACH ROW EXECUTE FUNCTION "
            "note_removal();"
            "CREATE TRIGGER note_removal AFTER DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION note_removal();"
            "CREATE TRIGGER note_retiring AFTER UPDATE OF inputs_removed_at, outputs_removed_at ON jobs FOR "
            "EACH"
            " ROW WHEN (NEW.inputs_removed_at IS DISTINCT FROM OLD.inputs_removed_at OR"
            " NEW.outputs_removed_at IS DISTINCT FROM OLD.outputs_removed_at)"
            " EXECUTE FUNCTION note_removal();"
            "SELECT 1");
    }

    /// All of it is removed, by nobody who did not lead, and since the first one's term by the second alone.
    static void expect_removed_by(Cluster& cluster, const std::string& second) {
        EXPECT_TRUE(eventually([&] { return cluster.count("SELECT count(*) FROM jobs") == 0; },
                               Milliseconds(40'000)));
        EXPECT_EQ(cluster.count("SELECT count(*) FROM removals WHERE who IS DISTINCT FROM led"), 0);
        EXPECT_EQ(cluster.value("SELECT string_agg(DISTINCT who, ' ') FROM removals"
                                " WHERE term = (SELECT max(term) FROM removals)"),
                  "darkroom:" + second);
    }
    static std::string removals(Cluster& cluster) {
        return cluster.value(
            "SELECT string_agg(line, ', ') FROM (SELECT who || ' in term ' || term || ': ' || count(*) AS "
            "line"
            " FROM removals GROUP BY who, term ORDER BY term) AS lines");
    }
    static std::int64_t alive(Cluster& cluster, const std::string& name) {
        return cluster.count("SELECT count(*) FROM nodes WHERE gone = 0 AND name = '" + name + "'");
    }
};

// The pictures are being removed when it is stopped; when it goes on, it finds that they are, and wants to
// note it.
TEST_F(TwoLeaders, F_A03_OneThatWasPausedPastItsTermWritesNothingWhenItGoesOn) {
    Cluster cluster;
    make_old_jobs(cluster, 4);
    auto& proxy = cluster.bucket().proxy();
    testing::Fault slow;
    slow.reply_bytes_per_second = 100;
    proxy.plan(slow, testing::FaultProxy::always, testing::on("POST", "delete"));
    proxy.plan(slow, testing::FaultProxy::always, testing::on("DELETE"));
    auto through_the_proxy = cluster.bucket().proxied_settings();
    through_the_proxy.insert(removing_soon.begin(), removing_soon.end());
    auto& first = cluster.start("first", through_the_proxy);
    ASSERT_TRUE(eventually([&] { return proxy.count("POST", "delete") + proxy.count("DELETE") > 0; },
                           Milliseconds(30'000)));
    first.pause();
    auto& second = cluster.start("second", removing_soon);
    EXPECT_TRUE(
        eventually([&] { return cluster.count("SELECT count(*) FROM jobs") == 0; }, Milliseconds(60'000)));
    const auto before = removals(cluster);
    const auto refused = [&] {
        const auto log = first.log();
        return log.find("retention could not be recorded") != std::string::npos ||
               log.find("could not be removed") != std::string::npos;
    };
    EXPECT_FALSE(refused());
    first.resume();
    EXPECT_TRUE(eventually(refused, Milliseconds(40'000))) << "it was not in the middle of anything";
    EXPECT_TRUE(eventually([&] { return alive(cluster, "first") == 1; }));
    expect_removed_by(cluster, "second");
    EXPECT_EQ(removals(cluster), before);
    std::printf("%s\n", before.c_str());
    // Both go on, and one leads.
    expect_all_done(first.client(), create_jobs(first.client(), 2));
    expect_all_done(second.client(), create_jobs(second.client(), 2));
    EXPECT_EQ(cluster.value("SELECT name FROM nodes JOIN leader ON node = nodes.id"), "second");
}

// It is in the middle of a transaction, with jobs in its hands, and its commit is lost with the network.
TEST_F(TwoLeaders, OneThatIsCutOffInTheMiddleOfATransactionWritesNothingWhenItIsBack) {
    if (const auto why = testing::why_no_network_namespace(); !why.empty()) GTEST_SKIP() << why;
    testing::NetworkNamespace network;
    Cluster cluster({.postgres = {.listen = {network.outside()}}});
    make_old_jobs(cluster, 4);
    testing::PostgresSession blocker(cluster.postgres().url());
    blocker.run("SELECT pg_advisory_lock(4711)");
    auto there = removing_soon;
    there["DATABASE_URL"] = cluster.postgres().url_from(network.outside());
    there["DARKROOM_ROLE"] = "dispatcher";
    auto& far = cluster.start("far", there, &network);
    const auto is_at = [&](const std::string& event) {
        return eventually([&] {
            return cluster.count(
                       "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND"
                       " application_name = 'darkroom:far' AND wait_event = '" +
                       event + "'") == 1;
        });
    };
    ASSERT_TRUE(is_at("advisory"));
    network.cut_port(cluster.postgres().port());
    blocker.run("SELECT pg_advisory_unlock(4711)");
    ASSERT_TRUE(is_at("ClientRead"));
    cluster.start("near", removing_soon);
    expect_removed_by(cluster, "near");
    const auto before = removals(cluster);
    EXPECT_EQ(before.find("far"), std::string::npos) << before;
    network.heal();
    EXPECT_TRUE(eventually([&] { return far.log().find("retention could not be") != std::string::npos; },
                           Milliseconds(60'000)));
    EXPECT_TRUE(eventually([&] { return alive(cluster, "far") == 1; }, Milliseconds(60'000)));
    EXPECT_EQ(removals(cluster), before);
    std::printf("%s\n", before.c_str());
    EXPECT_EQ(cluster.value("SELECT name FROM nodes JOIN leader ON node = nodes.id"), "near");
}

}  // namespace
}  // namespace darkroom::e2e
