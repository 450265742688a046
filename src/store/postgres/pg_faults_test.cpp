// A database in trouble: callers are told in bounded time, and everything goes on when it is over.
#include <thread>

#include "store/postgres/pg_store_fixture.h"
#include "tests/support/small_disk.h"
#include "tests/support/tcp_relay.h"

namespace darkroom::store {
namespace {

using ports::StoreErrorKind;

class Faults : public PgStoreTest {
protected:
    static PostgresJobStore::Options impatient() {
        auto options = named("one");
        options.statement_within = Milliseconds(800);
        options.lock_within = Milliseconds(400);
        options.connect_within = Milliseconds(2'000);
        return options;
    }
    template <class Work>
    static Milliseconds time_of(const Work& work) {
        const auto began = steady_now();
        work();
        return std::chrono::ceil<Milliseconds>(steady_now() - began);
    }
};

TEST_F(Faults, WhatSomebodyElseHasLockedIsNotWaitedForWithoutEnd) {
    const auto store = open(impatient());
    auto other = session();
    other.run("BEGIN");
    other.run("LOCK TABLE jobs");
    std::vector<std::thread> callers;
    std::vector<ports::NewJob> requests;
    requests.reserve(20);
    for (int i = 0; i < 20; ++i) requests.push_back(job());
    const auto took = time_of([&] {
        for (const auto& request : requests) {
            callers.emplace_back([&] {
                const auto created = store->create_job(request);
                ASSERT_FALSE(created.ok());
                EXPECT_EQ(created.error().kind, StoreErrorKind::unavailable);
            });
        }
        for (auto& caller : callers) caller.join();
    });
    EXPECT_LT(took, Milliseconds(8'000)) << "twenty callers do not wait twenty times";
    other.run("ROLLBACK");
    EXPECT_TRUE(store->create_job(job()).ok());
}

TEST_F(Faults, AStatementThatTakesTooLongIsEnded) {
    const auto store = open(impatient());
    session().run(
        "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(30); RETURN "
        "NEW; END$$;"
        "CREATE TRIGGER linger BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION linger()");
    const auto took = time_of([&] {
        const auto created = store->create_job(job());
        ASSERT_FALSE(created.ok());
        EXPECT_EQ(created.error().kind, StoreErrorKind::unavailable);
    });
    EXPECT_LT(took, Milliseconds(5'000));
    session().run("DROP TRIGGER linger ON jobs");
    EXPECT_TRUE(store->create_job(job()).ok());
}

TEST_F(Faults, AServerThatIsAwayIsNoReasonToWaitAndNoneToStopForGood) {
    const auto store = open(impatient());
    EXPECT_TRUE(store->create_job(job()).ok());
    server_->stop();
    for (int i = 0; i < 5; ++i) {
        const auto took = time_of([&] {
            const auto created = store->create_job(job());
            ASSERT_FALSE(created.ok());
            EXPECT_EQ(created.error().kind, StoreErrorKind::unavailable);
            EXPECT_EQ(created.error().detail.find(":darkroom@"), std::string::npos) << created.error().detail;
        });
        EXPECT_LT(took, Milliseconds(4'000));
        EXPECT_FALSE(store->count_queue().ok());
    }
    server_->start();
    EXPECT_TRUE(becomes_true([&] { return store->create_job(job()).ok(); }));
    EXPECT_TRUE(becomes_true([&] { return store->count_queue().ok(); }));
}

TEST_F(Faults, ReadsGoOnOverARestart) {
    const auto store = open(named("one"));
    const auto request = job();
    ASSERT_TRUE(store->create_job(request).ok());
    for (const auto how : {darkroom::testing::PostgresServer::Stop::fast,
                           darkroom::testing::PostgresServer::Stop::immediate}) {
        server_->restart(how);
        for (int i = 0; i < 8; ++i)
            EXPECT_TRUE(exists(*store, request.job.id)) << "each connection finds out once";
        EXPECT_TRUE(store->create_job(job()).ok());
    }
}

// Nothing comes back and nothing ends: the deadline of each wait is what ends it.
TEST_F(Faults, ANetworkThatLosesEverythingIsNoticed) {
    darkroom::testing::TcpRelay relay(server_->port());
    auto options = impatient();
    const auto store = open_at(url_at(relay.port()), options);
    relay.cut();
    const auto took = time_of([&] {
        const auto created = store->create_job(job());
        ASSERT_FALSE(created.ok());
        EXPECT_EQ(created.error().kind, StoreErrorKind::unavailable);
    });
    EXPECT_LT(took, Milliseconds(25'000));
    relay.reset();
    relay.heal();
    EXPECT_TRUE(becomes_true([&] { return store->create_job(job()).ok(); }));
}

TEST_F(Faults, AFullDiskFailsWhatDoesNotFitAndNothingElse) {
    database_.reset();
    server_.reset();
    const darkroom::testing::SmallDisk disk("64m");
    if (const auto why = disk.why_not(); !why.empty()) GTEST_SKIP() << why;
    server_ = std::make_unique<darkroom::testing::PostgresServer>();
    database_ = server_->new_database_in(disk.path());
    {
        const auto store = open(named("one"));
        const auto first = job();
        ASSERT_TRUE(store->create_job(first).ok());
        disk.fill();
        auto large = job();
        large.job.params_json = '"' + std::string(20'000, 'x') + '"';
        ports::StoreResult<ports::CreateOutcome> created = ports::CreateOutcome(ports::JobCreated{});
        for (int i = 0; i < 2'000 && created.ok(); ++i) {
            large.job.id = random_.id<JobId>();
            for (std::size_t at = 1; at + 16 < large.job.params_json.size(); at += 16)
                large.job.params_json.replace(
                    at, 16, std::to_string(1'000'000'000'000'000 + random_.number() % 1'000'000'000));
            created = store->create_job(large);
        }
        ASSERT_FALSE(created.ok());
        EXPECT_EQ(created.error().kind, StoreErrorKind::full) << created.error().detail;
        EXPECT_FALSE(exists(*store, large.job.id));
        EXPECT_TRUE(exists(*store, first.job.id));
        disk.relieve();
        EXPECT_TRUE(store->create_job(large).ok()) << "and it goes on without a restart";
    }
    database_.reset();
    server_.reset();
}

}  // namespace
}  // namespace darkroom::store
