// Connections that are lost at the worst moments: what a caller is told is what the database holds.
#include <atomic>
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

// Method: while sixteen callers create jobs, every connection is ended again and again, and at last the
// server is killed and started. A job that was acknowledged is there, one that was refused is not.
TEST_F(LostConnections, WhatIsToldIsSoWhateverBecomesOfConnections) {
    const auto store = open(named("one"));
    std::vector<std::pair<JobId, bool>> told[16];
    std::atomic<bool> enough{false};
    std::vector<ports::NewJob> requests[16];
    for (auto& some : requests) {
        for (int i = 0; i < 3'000; ++i) some.push_back(job("user" + std::to_string(i % 7)));
    }
    std::vector<std::thread> callers;
    for (int i = 0; i < 16; ++i) {
        callers.emplace_back([&, i] {
            for (const auto& one : requests[i]) {
                if (enough) return;
                told[i].emplace_back(one.job.id, store->create_job(one).ok());
            }
        });
    }
    for (int i = 0; i < 25; ++i) {
        pause_for(Milliseconds(40));
        (void)server_->kill_backends("darkroom:one");
    }
    server_->kill9();
    server_->start();
    pause_for(Milliseconds(300));
    enough = true;
    for (auto& caller : callers) caller.join();
    int kept = 0;
    int refused = 0;
    for (const auto& some : told) {
        for (const auto& [id, acknowledged] : some) {
            EXPECT_EQ(exists(*store, id), acknowledged);
            ++(acknowledged ? kept : refused);
        }
    }
    EXPECT_GT(kept, 100);
    EXPECT_EQ(value("SELECT count(*) FROM jobs"), std::to_string(kept));
    EXPECT_TRUE(store->create_job(job()).ok()) << "and it goes on";
    RecordProperty("kept", kept);
    RecordProperty("refused", refused);
}

}  // namespace
}  // namespace darkroom::store
