// The way out dies before and after each of its calls to the store, in the middle of a submit, and works
// while the store fails; and its threads.
#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

#include "tests/integration/way_out_fixture.h"

namespace darkroom::testing {
namespace {

using core::Status;
using ports::RefusalRule;
using ports::RemoteState;

class SubmitterCrashTest : public WayOutTest {
protected:
    // What must hold whenever a process has died: each attempt in flight has somebody who will look after it,
    // and what is queued was never sent, or certainly refused.
    void expect_looked_after(const JobId& id, bool may_have_arrived) {
        const auto now = job(id);
        if (now.status == Status::queued) {
            EXPECT_FALSE(may_have_arrived) << "is queued although it may be there";
            return;
        }
        if (core::is_terminal(now.status)) return;
        ASSERT_FALSE(now.attempts.empty());
        const auto known = rows(now.attempts.back().id);
        EXPECT_TRUE(std::any_of(known.begin(), known.end(), [](const auto& row) {
            return row.state != RemoteState::ended;
        })) << "nobody looks after it";
    }
};

struct Scenario {
    const char* name;
    std::function<SubmitPlay()> play;
    bool arrives;
};

std::vector<Scenario> scenarios() {
    return {{"taken", [] { return ScriptedRemoteBackend::taken(); }, true},
            {"taken, answer lost", [] { return ScriptedRemoteBackend::taken_but_reply_lost(); }, true},
            {"lost", [] { return ScriptedRemoteBackend::lost_on_the_way(); }, false},
            {"again later", [] { return ScriptedRemoteBackend::refused(RefusalRule::again_later); }, false},
            {"pause", [] { return ScriptedRemoteBackend::refused(RefusalRule::pause); }, false},
            {"give up", [] { return ScriptedRemoteBackend::refused(RefusalRule::give_up); }, false}};
}

// Method: the same job again and again; each time the process dies at the next call to the store, first
// before and then after it, until a run comes through without dying.
TEST_F(SubmitterCrashTest, F_A02_ADeathAtAnyCallLeavesNobodyWithoutAFollowerAndSendsNothingTwice) {
    auto& far = add_site(1'000);
    open();
    int deaths = 0;
    for (const auto& scenario : scenarios()) {
        for (const bool after : {false, true}) {
            for (int at = 1;; ++at) {
                SCOPED_TRACE(std::string(scenario.name) + (after ? ", after" : ", before") + " call " +
                             std::to_string(at));
                const auto id = create();
                const auto sent_before = far.orders().size();
                far.play_submits([&](const auto&) { return scenario.play(); });
                int calls = 0;
                const auto hook = [&](std::string_view) -> std::optional<ports::StoreError> {
                    if (++calls == at) throw ProcessDies{};
                    return std::nullopt;
                };
                if (after) {
                    faults_.after(hook);
                } else {
                    faults_.before(hook);
                }
                bool died = false;
                try {
                    round_and_send();
                } catch (const ProcessDies&) {
                    died = true;
                }
                crash_and_open();
                deaths += died;
                const auto times_sent = far.orders().size() - sent_before;
                EXPECT_LE(times_sent, 1u);
                expect_looked_after(id, scenario.arrives && times_sent == 1);
                // A restart sends nothing of it again while nobody has looked for it.
                if (job(id).status != Status::queued) {
                    round_and_send();
                    EXPECT_EQ(far.orders().size() - sent_before, times_sent);
                }
                (void)cancel(id);
                if (!died) break;
            }
        }
    }
    EXPECT_GE(deaths, 60);
}

TEST_F(SubmitterCrashTest, F_A02_ADeathWhileItIsSentLeavesItIntended) {
    auto& far = add_site(2);
    open();
    const auto id = create();
    far.before_answer([](const auto&, const auto&) { throw ProcessDies{}; });
    EXPECT_THROW(round_and_send(), ProcessDies);
    crash_and_open();
    EXPECT_EQ(row(id).state, RemoteState::intended);
    EXPECT_EQ(job(id).status, Status::dispatched);
    far.before_answer(nullptr);
    clock_.advance(3'600 * second);
    round_and_send();
    EXPECT_EQ(far.orders().size(), 1u);
    const auto due = store().list_due_remote_jobs(clock_.now(), 10);
    ASSERT_EQ(due->size(), 1u);
    EXPECT_EQ((*due)[0].job, id);
}

// The row ended, the process died before the slot of the cancelled job was freed: nobody would look at it.
TEST_F(SubmitterCrashTest, WhatAPodMayHaveTakenIsLookedForAtTheNextStartAtOnce) {
    auto& pod = add_site(2, "pod");
    pod.make_polled();
    open();
    const auto id = create();
    pod.before_answer([](const auto&, const auto&) { throw ProcessDies{}; });
    EXPECT_THROW(round_and_send(), ProcessDies);
    EXPECT_TRUE(store().list_due_remote_jobs(clock_.now(), 10)->empty());
    crash_and_open();
    const auto due = store().list_due_remote_jobs(clock_.now(), 10);
    ASSERT_EQ(due->size(), 1u);
    EXPECT_EQ((*due)[0].job, id);
    EXPECT_EQ((*due)[0].state, RemoteState::intended);
}

TEST_F(SubmitterCrashTest, ASlotThatNothingFollowsIsFreedAtTheNextStart) {
    add_site(2);
    open();
    const auto id = create();
    const auto other = create();
    round_and_send();
    ASSERT_TRUE(cancel(id));
    ports::RemoteEnd ended;
    ended.ended_as = "cancelled";
    ASSERT_TRUE(store().end_remote_job(row(id).ref, ended, clock_.now()).ok());
    EXPECT_EQ(store().count_queue()->inflight, 2);
    crash_and_open();
    EXPECT_EQ(store().count_queue()->inflight, 1);
    EXPECT_EQ(job(id).status, Status::cancelled);
    EXPECT_EQ(job(other).status, Status::dispatched);
}

TEST_F(SubmitterCrashTest, WhatTheStoreDoesNotTakeIsOfferedAgainUntilItDoes) {
    for (const auto& scenario : scenarios()) {
        SCOPED_TRACE(scenario.name);
        close();
        sites_.clear();
        auto& far = add_site(1'000);
        far.play_submits([&](const auto&) { return scenario.play(); });
        open();
        std::atomic<int> failures{0};
        const auto id = create();
        (void)round();
        faults_.before([&](std::string_view) -> std::optional<ports::StoreError> {
            if (failures >= 40) return std::nullopt;
            ++failures;
            return ports::StoreError{ports::StoreErrorKind::full, "by the test"};
        });
        std::atomic<bool> done{false};
        std::thread sender([&] {
            while (submitter().send_next()) {
            }
            done = true;
        });
        while (!done) clock_.pass(Milliseconds(100));
        sender.join();
        faults_.none();
        EXPECT_EQ(failures, 40);
        EXPECT_EQ(far.orders().size(), 1u);
        const auto now = job(id);
        if (scenario.arrives || std::string_view(scenario.name) == "lost") {
            EXPECT_EQ(now.status, Status::dispatched);
            EXPECT_NE(row(id).state, RemoteState::intended);
        } else {
            EXPECT_EQ(now.status, Status::queued);
            EXPECT_FALSE(has_slot(id));
        }
        (void)cancel(id);
        clock_.advance(600 * second);
    }
}

TEST_F(SubmitterCrashTest, ABrokenStoreIsNotWaitedFor) {
    auto& far = add_site(2);
    open();
    const auto id = create();
    (void)round();
    faults_.before([](std::string_view name) -> std::optional<ports::StoreError> {
        if (name != "note_submitted") return std::nullopt;
        return ports::StoreError{ports::StoreErrorKind::broken, "by the test"};
    });
    while (submitter().send_next()) {
    }
    faults_.none();
    EXPECT_EQ(far.orders().size(), 1u);
    EXPECT_EQ(row(id).state, RemoteState::intended);
}

TEST_F(SubmitterCrashTest, AnAttemptWhoseEndWasNotRecordedKeepsARowThatIsLookedAfter) {
    auto& far = add_site(2);
    open();
    const auto id = create();
    (void)round();
    far.play_submits([this](const auto&) {
        submitter().stop();  // while the submit is under way
        return ScriptedRemoteBackend::refused(RefusalRule::give_up);
    });
    faults_.before([](std::string_view name) -> std::optional<ports::StoreError> {
        if (name != "finish_attempt") return std::nullopt;
        return ports::StoreError{ports::StoreErrorKind::unavailable, "by the test"};
    });
    while (submitter().send_next()) {
    }
    faults_.none();
    EXPECT_EQ(job(id).status, Status::dispatched);
    EXPECT_EQ(row(id).state, RemoteState::intended);
}

// Opens when the test says so.
class Barrier {
public:
    void wait() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return open_; });
    }
    void wait_for(int waiting) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_ >= waiting; });
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool open_ = false;
};

class SenderThreads {
public:
    SenderThreads(dispatch::Submitter& submitter, int count) : submitter_(submitter) {
        for (int i = 0; i < count; ++i) threads_.emplace_back([this] { submitter_.run(); });
    }
    ~SenderThreads() {
        submitter_.stop();
        for (auto& thread : threads_) thread.join();
    }

private:
    dispatch::Submitter& submitter_;
    std::vector<std::thread> threads_;
};

class SubmitterThreadsTest : public WayOutTest {
protected:
    template <class Condition>
    void wait_until(const Condition& holds) {
        while (!holds()) clock_.pass(Milliseconds(0));
    }
};

TEST_F(SubmitterThreadsTest, FourThreadsSendEachJobOnce) {
    auto& far = add_site(300);
    open();
    const auto ids = create_many(300);
    SenderThreads threads(submitter(), 4);
    (void)round();
    wait_until([&] { return far.orders().size() == 300; });
    std::set<JobId> sent;
    for (const auto& order : far.orders()) sent.insert(order.work.job);
    EXPECT_EQ(sent.size(), 300u);
    wait_until([&] {
        return std::all_of(ids.begin(), ids.end(),
                           [&](const auto& id) { return row(id).state == RemoteState::submitted; });
    });
}

TEST_F(SubmitterThreadsTest, F_C26_AnEndpointThatDoesNotAnswerLeavesAThreadForTheOthers) {
    auto& slow = add_site(20, "slow");
    auto& quick = add_site(20, "quick");
    open();
    Barrier barrier;
    slow.play_submits([&](const auto&) {
        barrier.wait();
        return ScriptedRemoteBackend::taken();
    });
    (void)create_many(40);
    SenderThreads threads(submitter(), 4);
    (void)round();
    barrier.wait_for(3);
    wait_until([&] { return quick.orders().size() == 20; });
    barrier.open();
    wait_until([&] { return slow.orders().size() == 20; });
}

TEST_F(SubmitterThreadsTest, F_A04_AStopEndsAfterTheSubmitsUnderWayAndGivesTheOthersBack) {
    auto& far = add_site(20);
    open();
    Barrier barrier;
    far.play_submits([&](const auto&) {
        barrier.wait();
        return ScriptedRemoteBackend::taken();
    });
    const auto ids = create_many(20);
    {
        SenderThreads threads(submitter(), 4);
        (void)round();
        barrier.wait_for(4);
        submitter().stop();
        EXPECT_EQ(store().count_queue()->ready, 16);
        barrier.open();
    }
    EXPECT_EQ(far.orders().size(), 4u);
    int submitted = 0;
    for (const auto& id : ids) {
        if (job(id).status == Status::queued) {
            EXPECT_TRUE(never_was(id));
        } else {
            EXPECT_EQ(row(id).state, RemoteState::submitted);
            ++submitted;
        }
    }
    EXPECT_EQ(submitted, 4);
}

TEST_F(SubmitterThreadsTest, AStopDoesNotWaitForAStoreThatDoesNotAnswer) {
    auto& far = add_site(2);
    open();
    const auto id = create();
    std::atomic<int> refused{0};
    std::atomic<bool> stopped{false};
    // What a stop waits for is the pause before the next offer.
    std::thread time([&] {
        while (!stopped) clock_.pass(Milliseconds(100));
    });
    {
        SenderThreads threads(submitter(), 1);
        (void)round();
        faults_.before([&](std::string_view) -> std::optional<ports::StoreError> {
            ++refused;
            return ports::StoreError{ports::StoreErrorKind::unavailable, "by the test"};
        });
        submitter().stop();
    }
    stopped = true;
    time.join();
    faults_.none();
    // It was sent before the store failed, or not sent: in both cases its row says that it is to be looked
    // for.
    EXPECT_TRUE(refused > 0 || far.orders().size() == 1);
    EXPECT_EQ(job(id).status, Status::dispatched);
    EXPECT_NE(row(id).state, RemoteState::ended);
}

}  // namespace
}  // namespace darkroom::testing
