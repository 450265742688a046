// The process dies before or after any call of its store, or the store fails there once: every job still ends
// as it should, once, with nothing left over.
#include <thread>

#include "tests/integration/follow_fixture.h"

namespace darkroom::testing {
namespace {

using core::ErrorCode;
using core::Status;
using ports::RemotePhase;
using ports::RemoteState;

enum class Fault { dies_before, dies_after, fails_before, fails_after };

class CrashTest : public FollowTest {
protected:
    // From now on the `number`th call of the store is the bad one.
    void arm(Fault fault, int number) {
        left_ = number;
        const auto hook = [this, fault](std::string_view) -> std::optional<ports::StoreError> {
            if (--left_ != 0) return std::nullopt;
            if (fault == Fault::dies_before || fault == Fault::dies_after) throw ProcessDies();
            return ports::StoreError{ports::StoreErrorKind::unavailable, "broken by the test"};
        };
        faults_.none();
        if (fault == Fault::dies_before || fault == Fault::fails_before)
            faults_.before(hook);
        else
            faults_.after(hook);
    }
    bool was_hit() const { return left_ <= 0; }

    bool is_quiet() { return !*store_->next_remote_look() && store_->list_inbox(1)->empty(); }
    // Rounds until everything is, through a death on the way.
    void follow_through() {
        for (int i = 0; i < 200 && !is_quiet(); ++i) {
            clock_.advance(Milliseconds(5'000));
            try {
                (void)gateway_->follower.run_round();
                send();
            } catch (const ProcessDies&) {
                crash_and_open();
            }
        }
    }
    void expect_nothing_open(const JobId& id) {
        EXPECT_EQ(inflight(), 0);
        EXPECT_TRUE(store_->list_inbox(10)->empty());
        for (const auto& attempt : job(id).attempts) {
            for (const auto& row : rows(attempt.id)) {
                const bool may_be_named = row.remote_id.empty() && row.look_at >= row.deadline;
                EXPECT_TRUE(row.state == RemoteState::ended || may_be_named) << row.remote_id;
            }
        }
    }
    // One job through `play`, once for each call of the store, until a run has fewer calls than that.
    template <class Play, class Check>
    void every_fault(const Play& play, const Check& check) {
        for (const auto fault :
             {Fault::dies_before, Fault::dies_after, Fault::fails_before, Fault::fails_after}) {
            int number = 1;
            for (;; ++number) {
                SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at call " +
                             std::to_string(number));
                ASSERT_LT(number, 200);
                const auto id = sent();
                play(id);
                arm(fault, number);
                follow_through();
                const bool hit = was_hit();
                faults_.none();
                follow_through();
                check(id);
                expect_nothing_open(id);
                if (HasFailure() || !hit) break;
            }
            EXPECT_GT(number, 5);
        }
    }

    std::atomic<int> left_{0};
};

TEST_F(CrashTest, AResultIsCollectedOnceWhereverTheProcessDies) {
    std::size_t objects = 0;
    every_fault(
        [&](const JobId& id) {
            far_.succeed(remote_id(id));
            hint(attempt_of(id), remote_id(id));
        },
        [&](const JobId& id) {
            EXPECT_EQ(status(id), Status::succeeded);
            EXPECT_EQ(count_events(id, "succeed"), 1);
            EXPECT_EQ(job(id).attempts.size(), 1u);
            EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 930);
            objects += 2;
            EXPECT_EQ(objects_on_disk(), objects);
            EXPECT_EQ(far_.outputs().size(), 0u);
        });
}

TEST_F(CrashTest, AReportedResultIsCollectedOnceWhereverTheProcessDies) {
    every_fault(
        [&](const JobId& id) {
            const auto name = remote_id(id);
            far_.worker_puts(name, "pixels");
            report(attempt_of(id), name, "succeeded");
            far_.change(name, [](PlayedJob& job) {
                job.look.phase = RemotePhase::succeeded;
                job.look.execution = Milliseconds(2'000);
                job.look.cost_micro_usd = 620;
            });
        },
        [&](const JobId& id) {
            EXPECT_EQ(status(id), Status::succeeded);
            EXPECT_EQ(count_events(id, "succeed"), 1);
            EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 620);
        });
}

TEST_F(CrashTest, AFailureIsRecordedOnceWhereverTheProcessDies) {
    every_fault([&](const JobId& id) { far_.fail(remote_id(id), ErrorCode::no_subject); },
                [&](const JobId& id) {
                    EXPECT_EQ(status(id), Status::failed);
                    EXPECT_EQ(count_events(id, "give_up"), 1);
                    EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 310);
                });
}

TEST_F(CrashTest, ACancelledJobsSlotIsFreedWhereverTheProcessDies) {
    every_fault(
        [&](const JobId& id) {
            far_.set_phase(remote_id(id), RemotePhase::running);
            cancel(id);
        },
        [&](const JobId& id) {
            EXPECT_EQ(status(id), Status::cancelled);
            EXPECT_EQ(far_.job(remote_id(id)).look.phase, RemotePhase::cancelled);
        });
}

TEST_F(CrashTest, ALateSuccessIsTakenOnceWhereverTheProcessDies) {
    every_fault(
        [&](const JobId& id) {
            far_.fail(remote_id(id), ErrorCode::no_subject);
            rounds_for(Milliseconds(3'000));
            ASSERT_EQ(status(id), Status::failed);
            far_.succeed(remote_id(id));
            hint(attempt_of(id), remote_id(id));
        },
        [&](const JobId& id) {
            EXPECT_EQ(status(id), Status::succeeded);
            EXPECT_EQ(count_events(id, "succeed_late"), 1);
        });
}

TEST_F(CrashTest, WhatWasDueAtTheStartIsFollowedBeforeTheFirstPassIsDone) {
    const auto looked_at = sent();
    const auto told = sent();
    far_.succeed(remote_id(looked_at));
    far_.succeed(remote_id(told));
    hint(attempt_of(told), remote_id(told));
    clock_.advance(Milliseconds(3'000));
    crash_and_open();
    faults_.before([](std::string_view call) -> std::optional<ports::StoreError> {
        if (call != "find_job") return std::nullopt;
        return ports::StoreError{ports::StoreErrorKind::unavailable, "broken by the test"};
    });
    EXPECT_FALSE(gateway_->follower.run_round());
    EXPECT_FALSE(gateway_->follower.first_pass_done());
    faults_.none();
    for (int i = 0; i < 3; ++i) round();
    EXPECT_TRUE(gateway_->follower.first_pass_done());
    EXPECT_EQ(gateway_->first_passes, 1);
    for (const auto& id : {looked_at, told}) EXPECT_EQ(status(id), Status::succeeded);
}

TEST_F(CrashTest, WhereNothingIsLeftTheFirstPassIsDoneAtOnce) {
    EXPECT_FALSE(gateway_->follower.first_pass_done());
    round();
    EXPECT_TRUE(gateway_->follower.first_pass_done());
}

// Threads that wait by themselves: for the time of the next look, or to be woken.
TEST_F(CrashTest, SeveralThreadsFollowManyJobsToTheirEnds) {
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { gateway_->follower.run(); });
    std::vector<JobId> ids;
    ids.reserve(60);
    for (int i = 0; i < 60; ++i) ids.push_back(sent());
    gateway_->follower.wake();
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto name = remote_id(ids[i]);
        if (i % 3 == 0)
            far_.succeed(name);
        else if (i % 3 == 1)
            far_.fail(name, ErrorCode::no_subject);
        else
            cancel(ids[i]);
    }
    const auto all_over = [&] { return inflight() == 0 && !*store_->next_remote_look(); };
    while (!all_over()) clock_.pass(Milliseconds(500));
    gateway_->follower.stop();
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(far_.stopped());
    for (std::size_t i = 0; i < ids.size(); ++i)
        EXPECT_EQ(status(ids[i]), i % 3 == 0   ? Status::succeeded
                                  : i % 3 == 1 ? Status::failed
                                               : Status::cancelled);
    EXPECT_EQ(objects_on_disk(), 40u);
}

TEST_F(CrashTest, StoppingCutsTheFetchOfAResultShortAndLosesNothing) {
    const auto id = sent();
    far_.succeed(remote_id(id));
    pictures_.during_run([&] { gateway_->follower.stop(); });
    clock_.advance(Milliseconds(3'000));
    std::thread thread([&] { gateway_->follower.run(); });
    thread.join();
    EXPECT_EQ(status(id), Status::dispatched);
    EXPECT_EQ(pictures_.files_left(), 0);
    pictures_.during_run(nullptr);
    crash_and_open();
    rounds_for(Milliseconds(40'000));
    expect_done(id, "poll");
}

}  // namespace
}  // namespace darkroom::testing
