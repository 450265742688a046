// A dispatcher that is one node of several: what it takes over, what it lets go of, what it leaves to others.
#include <gtest/gtest.h>

#include <thread>

#include "tests/integration/scripted_backend.h"
#include "tests/integration/way_out_fixture.h"
#include "tests/support/played_nodes.h"

namespace darkroom::testing {
namespace {

using core::Status;

constexpr Milliseconds look{15'000};

class SeveralNodesTest : public WayOutTest {
protected:
    SeveralNodesTest() : far_(add_site(2)) {
        locals_.push_back(&backend_);
        dispatching_.nodes = &nodes_;
        dispatching_.take_over_every = look;
        submitting_.nodes = &nodes_;
    }
    ~SeveralNodesTest() override { end(); }

    void begin() {
        runner_ = std::thread([this] { dispatcher().run(); });
    }
    void end() {
        if (!runner_.joinable()) return;
        dispatcher().stop();
        runner_.join();
    }
    // Moves the clock, and the dispatcher with it, until it has come so.
    template <class Condition>
    bool comes(const Condition& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            clock_.pass(Milliseconds(100));
        }
        return true;
    }

    ScriptedRemoteBackend& far_;
    PlayedNodes nodes_{random_};
    ScriptedBackend backend_{2, dir_.path()};
    std::thread runner_;
};

TEST_F(SeveralNodesTest, WhatANodeHadAtWorkThatIsGoneIsTriedAgainByAnotherThatRuns) {
    open();
    const auto id = create("local");
    (void)round();
    ASSERT_EQ(job(id).status, Status::dispatched);
    backend_.forget();
    recovers_at_start_ = false;
    close();
    open();
    begin();
    ASSERT_TRUE(comes([&] { return backend_.open_orders().size() == 1; }));
    EXPECT_EQ(job(id).attempts.size(), 2u);
    backend_.succeed();
    EXPECT_EQ(job(id).status, Status::succeeded);
}

TEST_F(SeveralNodesTest, WhatItSentAwayIsFollowedOnAndNotSentAgain) {
    open();
    const auto id = create();
    round_and_send();
    recovers_at_start_ = false;
    close();
    open();
    begin();
    ASSERT_TRUE(comes([&] { return store().next_remote_look()->has_value(); }));
    EXPECT_EQ(far_.orders().size(), 1u);
    EXPECT_EQ(job(id).status, Status::dispatched);
    EXPECT_EQ(row(id).remote_id, "far-1-u1");
    end();
    EXPECT_TRUE(store().list_inflight("far")->front().is_mine);
}

TEST_F(SeveralNodesTest, WhatIsAtWorkIsStoppedOnceTheLeaseWasOverAndOnlyThat) {
    open();
    create("local");
    begin();
    backend_.wait_for_orders(1);
    const auto before = backend_.open_orders()[0].attempt;
    nodes_.join_anew();
    create("local");
    dispatcher().wake();
    backend_.wait_for_orders(2);
    ASSERT_TRUE(comes([&] { return !backend_.stop_requests().empty(); }));
    EXPECT_EQ(backend_.stop_requests(), std::set{before});
}

TEST_F(SeveralNodesTest, AnAttemptWhoseJobAnotherNodeHasCancelledIsStopped) {
    open();
    const auto id = create("local");
    begin();
    backend_.wait_for_orders(1);
    ASSERT_TRUE(cancel(id));
    dispatcher().attempts_to_stop();
    ASSERT_TRUE(comes([&] { return backend_.stop_requests().count(attempt(id).id) == 1; }));
    EXPECT_GE(follower_wakes_, 1);
}

// The word of it may be lost, as with a connection.
TEST_F(SeveralNodesTest, AnAttemptToStopIsFoundWithoutAnyWordOfIt) {
    open();
    const auto id = create("local");
    begin();
    backend_.wait_for_orders(1);
    ASSERT_TRUE(cancel(id));
    ASSERT_TRUE(comes([&] { return backend_.stop_requests().count(attempt(id).id) == 1; }));
}

// The database was away when it should have told.
TEST_F(SeveralNodesTest, AClaimThatWasKeptAlthoughNobodyWasToldIsTriedAgain) {
    open();
    const auto id = create("local");
    std::atomic<bool> lost{false};
    faults_.after([&](std::string_view call) -> std::optional<ports::StoreError> {
        if (call != "claim" || lost.exchange(true)) return std::nullopt;
        return ports::StoreError{ports::StoreErrorKind::unavailable, "lost by the test"};
    });
    begin();
    ASSERT_TRUE(comes([&] { return backend_.open_orders().size() == 1; }));
    EXPECT_EQ(backend_.open_orders()[0].attempt_number, 2);
    backend_.succeed();
    EXPECT_EQ(job(id).status, Status::succeeded);
    EXPECT_EQ(store().count_queue()->inflight, 0);
}

TEST_F(SeveralNodesTest, ANodeThatDoesNotDispatchClaimsNothingAndTakesNothingOver) {
    open();
    const auto left = create("local");
    (void)round();
    backend_.forget();
    close();
    dispatching_.dispatches = false;
    open();
    const auto waiting = create("local");
    begin();
    const auto until = clock_.monotonic() + 4 * look;
    ASSERT_TRUE(comes([&] { return clock_.monotonic() > until; }));
    EXPECT_EQ(round().dispatched, 0);
    EXPECT_EQ(job(waiting).status, Status::queued);
    EXPECT_EQ(job(left).status, Status::dispatched);
    EXPECT_FALSE(store().list_inflight("scripted")->front().is_mine);
}

TEST_F(SeveralNodesTest, F_A03_NothingIsSentWhileTheLeaseMayBeOverAndTheJobGoesBackInLine) {
    open();
    const auto id = create();
    (void)round();
    nodes_.let_lease(false);
    while (submitter().send_next()) {
    }
    EXPECT_TRUE(far_.orders().empty());
    EXPECT_TRUE(never_was(id));
    nodes_.let_lease(true);
    round_and_send();
    EXPECT_EQ(far_.orders().size(), 1u);
}

// As where the process was stopped while it connected.
TEST_F(SeveralNodesTest, F_A03_TheLeaseIsAskedForAgainAtTheLastMomentBeforeAJobGoesOut) {
    open();
    const auto id = create();
    (void)round();
    far_.before_send([&] { nodes_.let_lease(false); });
    while (submitter().send_next()) {
    }
    EXPECT_TRUE(far_.orders().empty());
    EXPECT_TRUE(never_was(id));
    far_.before_send([&] { nodes_.let_lease(true); });
    nodes_.let_lease(true);
    round_and_send();
    EXPECT_EQ(far_.orders().size(), 1u) << "the endpoint is not to blame and gets no pause";
}

TEST_F(SeveralNodesTest, F_A03_WhatItClaimedAsTheNodeThatItWasIsNotSentAsAnother) {
    open();
    create();
    (void)round();
    nodes_.join_anew();
    while (submitter().send_next()) {
    }
    EXPECT_TRUE(far_.orders().empty());
}

}  // namespace
}  // namespace darkroom::testing
