// Connections that are lost at the worst moments: what a caller is told is what the database holds.
#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "store/postgres/pg_store_fixture.h"
#include "tests/support/tcp_relay.h"

namespace darkroom::store {
namespace {

class LostConnections : public PgStoreTest {
protected:
    /// From now on the commit of a new job takes a while on the server.
    void slow_commits() {
        session().run(
            "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.7); "
            "RETURN NULL; END$$;"
            "CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON jobs DEFERRABLE INITIALLY DEFERRED FOR EACH "
            "ROW EXECUTE "
            "FUNCTION linger()");
    }
    bool is_committing() {
        return value("SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'") ==
               "1";
    }
};

TEST_F(LostConnections, ACommitWhoseAnswerWasLostIsAskedForAndCounts) {
    darkroom::testing::TcpRelay relay(server_->port());
    const auto store = open_at(url_at(relay.port()), named("one"));
    slow_commits();
    const auto request = job();
    std::thread caller([&] { EXPECT_TRUE(store->create_job(request).ok()); });
    EXPECT_TRUE(becomes_true([&] { return is_committing(); }));
    relay.reset();
    caller.join();
    EXPECT_EQ(value("SELECT count(*) FROM jobs"), "1") << "it is not made again";
    EXPECT_TRUE(exists(*store, request.job.id));
}

TEST_F(LostConnections, ACommitThatWasKilledIsMadeAgainOnce) {
    const auto store = open(named("one"));
    slow_commits();
    const auto request = job();
    std::thread caller([&] { EXPECT_TRUE(store->create_job(request).ok()); });
    EXPECT_TRUE(becomes_true([&] { return is_committing(); }));
    EXPECT_EQ(value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query = 'COMMIT'"),
              "1");
    caller.join();
    EXPECT_EQ(value("SELECT count(*) FROM jobs"), "1");
}

TEST_F(LostConnections, WhatADatabaseWouldCommitUnsyncedIsSyncedUnlessItsOperatorAskedForMore) {
    for (const std::string by_default : {"off", "remote_apply"}) {
        session().run("ALTER DATABASE " + database_->name() + " SET synchronous_commit = " + by_default);
        const auto store = open(named("one"));
        session().run(
            "CREATE TABLE IF NOT EXISTS seen (setting text);"
            "CREATE OR REPLACE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN "
            "INSERT INTO seen "
            "VALUES (current_setting('synchronous_commit')); RETURN NULL; END$$;"
            "CREATE OR REPLACE TRIGGER look AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION look()");
        ASSERT_TRUE(store->create_job(job()).ok());
        EXPECT_EQ(value("SELECT string_agg(setting, ' ') FROM seen"),
                  by_default == "off" ? "on" : by_default);
        session().run("DELETE FROM seen");
    }
}

enum class Told { kept, refused, unknown };

Told what_is_told(const ports::StoreResult<ports::CreateOutcome>& result) {
    if (result.ok()) return Told::kept;
    const bool is_unknown = result.error().detail.find("nobody can be asked") != std::string::npos;
    return is_unknown ? Told::unknown : Told::refused;
}

// Method: while sixteen callers create jobs, every connection is ended again and again, each time when some
// jobs went in since the last, and at last the server is killed and started. A job that was acknowledged is
// there, one that was refused is not. Where the server is away for longer than the outcome of a commit is
// asked for, its callers hear that nobody knows.
TEST_F(LostConnections, WhatIsToldIsSoWhateverBecomesOfConnections) {
    const auto store = open(named("one"));
    std::vector<std::pair<JobId, Told>> told[16];
    std::atomic<int> kept_so_far{0};
    std::atomic<bool> enough{false};
    std::vector<ports::NewJob> requests[16];
    for (auto& some : requests) {
        for (int i = 0; i < 3'000; ++i) some.push_back(job("user" + std::to_string(i % 7)));
    }
    std::vector<std::thread> callers;
    callers.reserve(16);
    for (int i = 0; i < 16; ++i) {
        callers.emplace_back([&, i] {
            for (const auto& one : requests[i]) {
                if (enough) return;
                told[i].emplace_back(one.job.id, what_is_told(store->create_job(one)));
                const bool is_kept = told[i].back().second == Told::kept;
                if (is_kept) ++kept_so_far;
                // As clients do: whoever is refused at once would soon have no job left to create.
                if (!is_kept) pause_for(Milliseconds(20));
            }
        });
    }
    const auto more_are_kept = [&] {
        return becomes_true([&, before = kept_so_far.load()] { return kept_so_far >= before + 5; });
    };
    for (int i = 0; i < 25; ++i) {
        EXPECT_TRUE(more_are_kept());
        (void)server_->kill_backends("darkroom:one");
    }
    EXPECT_TRUE(more_are_kept());
    server_->kill9();
    server_->start();
    EXPECT_TRUE(more_are_kept());
    enough = true;
    for (auto& caller : callers) caller.join();
    int kept = 0;
    std::map<Told, int> counts;
    for (const auto& some : told) {
        for (const auto& [id, said] : some) {
            const bool is_there = exists(*store, id);
            if (said != Told::unknown) {
                EXPECT_EQ(is_there, said == Told::kept);
            }
            if (is_there) ++kept;
            ++counts[said];
        }
    }
    EXPECT_GT(counts[Told::kept], 100);
    EXPECT_LE(counts[Told::unknown], 16) << "one commit of all callers, when the server was killed";
    EXPECT_EQ(value("SELECT count(*) FROM jobs"), std::to_string(kept));
    EXPECT_TRUE(store->create_job(job()).ok()) << "and it goes on";
    RecordProperty("kept", kept);
    RecordProperty("refused", counts[Told::refused]);
    RecordProperty("unknown", counts[Told::unknown]);
}

}  // namespace
}  // namespace darkroom::store
