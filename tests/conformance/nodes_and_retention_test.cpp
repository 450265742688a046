// Two or three nodes over one Postgres database that want the same job at the same moment: retention takes it
// while its attempt changes hands, an end is told by two, one who does not lead any more goes on as if it
// did. What comes between is held by locks, so that each order happens for sure.
#include <thread>

#include "store/postgres/pg_store_fixture.h"
#include "tests/conformance/job_samples.h"
#include "tests/conformance/remote_samples.h"
#include "tests/conformance/row_checks.h"

namespace darkroom::conformance {
namespace {

using ports::Access;
using ports::Applied;
using ports::Retention;
using store::PostgresJobStore;

class NodesAndRetention : public store::PgStoreTest {
protected:
    void TearDown() override {
        if (database_ != nullptr) {
            auto looking = session();
            for (const auto& [problem, sql] : row_checks) {
                const auto found = looking.value(sql);
                EXPECT_TRUE(found == "0" || found == "f") << problem << ": " << found;
            }
        }
        PgStoreTest::TearDown();
    }

    static PostgresJobStore::Options patient(const std::string& name) {
        auto options = named(name);
        options.lock_within = Milliseconds(20'000);
        return options;
    }
    /// Their attempts were sent elsewhere by a node that is gone by now, and their owner does not want them.
    std::vector<ports::InflightAttempt> leave_cancelled_jobs(int count) {
        const auto dying = open(patient("dying"));
        for (int i = 0; i < count; ++i) EXPECT_TRUE(dying->create_job(job()).ok());
        auto asked = request(1'000);
        asked.remote = remote_plan();
        const auto claimed = dying->claim(asked);
        EXPECT_TRUE(claimed.ok() && std::ssize(*claimed) == count);
        for (const auto& one : *claimed)
            EXPECT_TRUE(dying->cancel_job(Access::everyone(), one.job.id, "key:app", now_).ok());
        return *dying->list_inflight("gpu");
    }
    static ports::StoreResult<ports::RetiredJobs> retire(ports::JobStore& store, TimePoint now) {
        return store.retire_jobs(Retention::jobs, now + Milliseconds(1'000), 10, now + Milliseconds(2'000));
    }
    static bool remove(ports::JobStore& store, TimePoint now) {
        const auto retired = retire(store, now);
        return retired.ok() && retired->jobs > 0 && store.settle_retired(Retention::jobs, retired->mark).ok();
    }

    /// From now on whoever does this to a row of inflight waits, with the row in its hands, for the one that
    /// holds the lock.
    void hold_at(const std::string& event) {
        session().run(
            "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
            " PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END$$;"
            "CREATE TRIGGER hold AFTER " +
            event + " ON inflight FOR EACH ROW EXECUTE FUNCTION hold()");
        holder_.emplace(session());
        holder_->run("SELECT pg_advisory_lock(4711)");
    }
    void let_go() { holder_->run("SELECT pg_advisory_unlock(4711)"); }
    bool waits(const std::string& node) {
        return becomes_true([&] {
            return value(
                       "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                       " AND application_name = 'darkroom:" +
                       node + "'") == "1";
        });
    }
    /// What the new holder of the attempt does, whatever it heard of the job: nothing comes of it.
    void expect_forgotten(PostgresJobStore& store, const ports::InflightAttempt& left) {
        EXPECT_FALSE(exists(store, left.job));
        EXPECT_EQ(*store.start_attempt(left.attempt, now_), Applied::stale);
        EXPECT_EQ(*store.give_back(left.attempt, std::nullopt, "gone", now_), Applied::stale);
        EXPECT_EQ(*store.finish_attempt(left.attempt, failure(core::ErrorCode::cancelled), "test", now_),
                  Applied::stale);
        EXPECT_TRUE(store.end_remote_job({left.attempt, 1}, remote_end("cancelled", 500), now_).ok());
        EXPECT_TRUE(store.take_over(10)->empty());
        for (const auto* const table : {"jobs", "attempts", "inflight", "remote_jobs", "costs"})
            EXPECT_EQ(value("SELECT count(*) FROM " + std::string(table)), "0") << table;
        EXPECT_EQ(*store.recount_flow(), 0);
        // Its slot is free.
        ASSERT_TRUE(store.create_job(job()).ok());
        EXPECT_EQ(store.claim(request(1))->size(), 1u);
    }

    std::optional<darkroom::testing::PostgresSession> holder_;
};

// Each has what the other needs: Postgres begins one of them again, and either may be first then.
TEST_F(NodesAndRetention, AJobThatIsBeingRemovedIsTakenOverWholeOrNotAtAll) {
    const auto keeper = open(patient("keeper"));
    const auto heir = open(patient("heir"));
    const auto left = leave_cancelled_jobs(1)[0];
    hold_at("DELETE");
    std::thread removing([&] { EXPECT_TRUE(remove(*keeper, now_)); });
    ASSERT_TRUE(waits("keeper"));
    std::thread taking([&] {
        const auto taken = heir->take_over(10);
        ASSERT_TRUE(taken.ok()) << taken.error().detail;
        for (const auto& one : *taken) EXPECT_EQ(one.job, left.job);
    });
    EXPECT_TRUE(waits("heir")) << "it must not take what may be gone in a moment";
    let_go();
    removing.join();
    taking.join();
    expect_forgotten(*heir, left);
}

TEST_F(NodesAndRetention, AnAttemptThatIsBeingTakenOverIsHandedOutAndMayBeGoneAtOnce) {
    const auto keeper = open(patient("keeper"));
    const auto heir = open(patient("heir"));
    const auto left = leave_cancelled_jobs(1)[0];
    hold_at("UPDATE");
    std::thread taking([&] {
        const auto taken = heir->take_over(10);
        ASSERT_TRUE(taken.ok()) << taken.error().detail;
        ASSERT_EQ(taken->size(), 1u);
        EXPECT_EQ(taken->at(0).attempt, left.attempt);
        EXPECT_EQ(taken->at(0).job, left.job);
        EXPECT_TRUE(taken->at(0).stopping);
    });
    ASSERT_TRUE(waits("heir"));
    std::thread removing([&] { EXPECT_TRUE(remove(*keeper, now_)); });
    EXPECT_TRUE(waits("keeper")) << "the attempt is in somebody's hands";
    let_go();
    taking.join();
    removing.join();
    expect_forgotten(*heir, left);
}

// Method: forty jobs of dead nodes; two heirs take over a few at a time and end them, one keeper removes.
TEST_F(NodesAndRetention, HeirsAndRetentionInAnyOrderLeaveNothingAndBreakNothing) {
    const auto keeper = open(patient("keeper"));
    std::vector<std::unique_ptr<PostgresJobStore>> heirs;
    heirs.push_back(open(patient("heir")));
    heirs.push_back(open(patient("other heir")));
    EXPECT_EQ(leave_cancelled_jobs(40).size(), 40u);
    std::vector<std::thread> threads;
    threads.reserve(heirs.size());
    for (const auto& heir : heirs) {
        threads.emplace_back([&, node = heir.get()] {
            for (;;) {
                const auto taken = node->take_over(3);
                ASSERT_TRUE(taken.ok()) << taken.error().detail;
                if (taken->empty()) return;
                for (const auto& one : *taken) {
                    const auto ended =
                        node->finish_attempt(one.attempt, failure(core::ErrorCode::cancelled), "heir", now_);
                    EXPECT_TRUE(ended.ok()) << ended.error().detail;
                }
            }
        });
    }
    while (remove(*keeper, now_)) {
    }
    for (auto& thread : threads) thread.join();
    while (remove(*keeper, now_)) {
    }
    for (const auto* const table : {"jobs", "attempts", "inflight", "remote_jobs"})
        EXPECT_EQ(value("SELECT count(*) FROM " + std::string(table)), "0") << table;
    EXPECT_EQ(*keeper->recount_flow(), 0);
}

TEST_F(NodesAndRetention, WhatTwoNodesTellOfOneEndIsPaidOnce) {
    const auto holder = open(patient("holder"));
    const auto other = open(patient("other"));
    constexpr int rounds = 20;
    for (int round = 0; round < rounds; ++round) {
        ASSERT_TRUE(holder->create_job(job()).ok());
        auto asked = request(1'000);
        asked.remote = remote_plan();
        const auto attempt = holder->claim(asked)->at(0).job.attempts.back().id;
        ASSERT_TRUE(holder->note_submitted({attempt, 1}, "r-" + std::to_string(round), now_).ok());
        auto end = remote_end("succeeded", 1'000);
        end.execution = Milliseconds(300);
        std::thread one([&] { EXPECT_TRUE(holder->end_remote_job({attempt, 1}, end, now_).ok()); });
        std::thread two([&] { EXPECT_TRUE(other->end_remote_job({attempt, 1}, end, now_).ok()); });
        one.join();
        two.join();
    }
    EXPECT_EQ(*other->spent_today(now_), rounds * 1'000);
    EXPECT_EQ(value("SELECT remote_jobs || ' ' || execution_ms FROM costs"),
              std::to_string(rounds) + " " + std::to_string(rounds * 300));
    EXPECT_EQ(value("SELECT sum(cost_micro_usd) FROM attempts"), std::to_string(rounds * 1'000));
}

// It has not heard of it yet and goes on; only the database knows better.
TEST_F(NodesAndRetention, WhoDoesNotLeadAnyMoreRemovesNothing) {
    const auto old = open(patient("old"));
    const auto next = open(patient("next"));
    Samples samples(random_);
    ASSERT_TRUE(becomes_true([&] { return old->leads(); }));
    const auto unused = samples.upload(user("ann"), now_);
    ASSERT_TRUE(old->create_upload(unused).ok());
    const auto ended = job();
    ASSERT_TRUE(old->create_job(ended).ok());
    ASSERT_TRUE(old->cancel_job(Access::everyone(), ended.job.id, "key:app", now_).ok());
    const auto retired = retire(*old, now_);
    ASSERT_TRUE(retired.ok() && retired->jobs == 1);

    session().run(
        "UPDATE leader SET node = (SELECT id FROM nodes WHERE name = 'next' AND gone = 0), term = term + 1,"
        " until = until + 600000");
    const auto refused = [](const auto& answer) {
        return !answer.ok() && answer.error().kind == ports::StoreErrorKind::unavailable &&
               answer.error().detail.find("does not lead") != std::string::npos;
    };
    EXPECT_TRUE(refused(old->settle_retired(Retention::jobs, retired->mark)));
    EXPECT_TRUE(refused(retire(*old, now_)));
    EXPECT_TRUE(refused(old->list_expired_uploads(now_ + Milliseconds(1), 10)));
    EXPECT_TRUE(refused(old->forget_uploads({unused.id})));
    EXPECT_TRUE(exists(*old, ended.job.id));
    EXPECT_TRUE(old->find_upload(Access::everyone(), unused.id)->has_value());
    EXPECT_TRUE(old->create_job(job()).ok()) << "everything else it does as before";

    EXPECT_EQ(retire(*next, now_)->jobs, 1);
    EXPECT_TRUE(next->settle_retired(Retention::jobs, retired->mark).ok());
    EXPECT_FALSE(exists(*old, ended.job.id));
    EXPECT_EQ(next->list_expired_uploads(now_ + Milliseconds(1), 10)->size(), 1u);
}

}  // namespace
}  // namespace darkroom::conformance
