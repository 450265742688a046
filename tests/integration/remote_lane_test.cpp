// Which remote endpoints get how many jobs, and when they get none.
#include "dispatch/remote_lane.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/integration/scripted_backend.h"
#include "tests/integration/way_out_fixture.h"

namespace darkroom::testing {
namespace {

using core::Status;
using ports::RemoteState;

class RemoteLaneTest : public WayOutTest {
protected:
    std::size_t sent_to(const std::string& name) const {
        for (const auto& site : sites_) {
            if (site->endpoint().name == name) return site->orders().size();
        }
        return 0;
    }
    void end_all(const std::vector<JobId>& ids) {
        for (const auto& id : ids) {
            if (has_slot(id)) end(id, "failed");
        }
    }
    // How often the store was asked for jobs.
    void count_claims() {
        faults_.before([this](std::string_view name) -> std::optional<ports::StoreError> {
            claims_ += name == "claim";
            return std::nullopt;
        });
    }

    std::atomic<int> claims_{0};
};

TEST_F(RemoteLaneTest, ABatchGoesOutInOneClaimUpToTheLimitOfTheEndpoint) {
    add_site(10);
    open();
    const auto ids = create_many(15);
    count_claims();
    const auto report = round();
    EXPECT_EQ(report.dispatched, 10);
    EXPECT_EQ(report.inflight_max, 10);
    EXPECT_EQ(report.queue.ready, 5);
    EXPECT_EQ(claims_, 1);
    while (submitter().send_next()) {
    }
    EXPECT_EQ(sent_to("far"), 10u);
    round_and_send();
    EXPECT_EQ(sent_to("far"), 10u);
    end_all({ids[0], ids[1], ids[2]});
    round_and_send();
    EXPECT_EQ(sent_to("far"), 13u);
}

TEST_F(RemoteLaneTest, NothingIsSentBeforeWhatAnEarlierProcessLeftHasBeenLookedAt) {
    add_site(10);
    first_pass_done_ = false;
    open();
    (void)create_many(3);
    round_and_send();
    EXPECT_EQ(sent_to("far"), 0u);
    first_pass_done_ = true;
    round_and_send();
    EXPECT_EQ(sent_to("far"), 3u);
}

TEST_F(RemoteLaneTest, SeveralEndpointsShareByWeight) {
    add_site(100, "a", 1);
    add_site(100, "b", 2);
    add_site(100, "c", 3);
    open();
    (void)create_many(120);
    round_and_send();
    EXPECT_EQ(sent_to("a"), 20u);
    EXPECT_EQ(sent_to("b"), 40u);
    EXPECT_EQ(sent_to("c"), 60u);
}

TEST_F(RemoteLaneTest, JobsThatComeOneAtATimeAreSharedByWeightToo) {
    add_site(100, "a", 1);
    add_site(100, "b", 3);
    open();
    for (int i = 0; i < 40; ++i) {
        (void)create();
        round_and_send();
    }
    EXPECT_EQ(sent_to("a"), 10u);
    EXPECT_EQ(sent_to("b"), 30u);
}

TEST_F(RemoteLaneTest, WhatIsInFlightCountsAgainstTheRoomOfAnEndpoint) {
    add_site(4, "a", 1);
    add_site(100, "b", 1);
    open();
    (void)create_many(6);
    round_and_send();
    EXPECT_EQ(sent_to("a"), 3u);
    (void)create_many(20);
    round_and_send();
    EXPECT_EQ(sent_to("a"), 4u);
    EXPECT_EQ(sent_to("b"), 22u);
}

// The store counts what is ready of all kinds together.
TEST_F(RemoteLaneTest, JobsForThisMachineThatWaitDoNotUpsetTheShares) {
    add_site(100, "a", 1);
    add_site(100, "b", 3);
    open();
    (void)create_many(40, "local");
    for (int i = 0; i < 12; ++i) {
        (void)create_many(1 + i % 3);
        round_and_send();
    }
    EXPECT_EQ(sent_to("a"), 6u);
    EXPECT_EQ(sent_to("b"), 18u);
}

TEST_F(RemoteLaneTest, F_C26_TheShareOfABrokenEndpointGoesToTheOthers) {
    auto& a = add_site(100, "a", 1);
    add_site(100, "b", 1);
    open();
    a.set_endpoint_trouble("circuit open");
    (void)create_many(30);
    round_and_send();
    EXPECT_EQ(sent_to("a"), 0u);
    EXPECT_EQ(sent_to("b"), 30u);
    EXPECT_EQ(*dispatcher().dispatch_trouble(), "Endpoint a gets nothing: circuit open");
}

TEST_F(RemoteLaneTest, F_C26_AJobThatOneEndpointRefusesGoesToAnother) {
    auto& a = add_site(100, "a", 1);
    add_site(100, "b", 1);
    open();
    a.play_submits([&](const auto&) {
        a.set_endpoint_trouble("the API key is refused");
        return ScriptedRemoteBackend::refused(ports::RefusalRule::pause);
    });
    const auto ids = create_many(30);
    round_and_send();
    clock_.advance(2 * second);
    round_and_send();
    EXPECT_EQ(sent_to("a"), 1u);
    EXPECT_EQ(sent_to("b"), 30u);
    for (const auto& id : ids) {
        EXPECT_EQ(attempt(id).endpoint, "b");
        EXPECT_EQ(attempt(id).number, 1);
    }
}

TEST_F(RemoteLaneTest, F_C25_AfterAnOutageAFullQueueDoesNotFallUponTheEndpoint) {
    auto& far = add_site(500);
    open();
    (void)create_many(400);
    far.set_endpoint_trouble("not reached");
    round_and_send();
    clock_.advance(7'200 * second);
    round_and_send();
    EXPECT_EQ(sent_to("far"), 0u);
    far.set_endpoint_trouble(std::nullopt);
    std::vector<std::size_t> sent_after;
    for (int step = 0; step < 8; ++step) {
        for (int i = 0; i < 10; ++i) {
            round_and_send();
            clock_.advance(second);
        }
        sent_after.push_back(sent_to("far"));
    }
    EXPECT_EQ(sent_after, (std::vector<std::size_t>{4, 12, 28, 60, 124, 252, 400, 400}));
}

TEST_F(RemoteLaneTest, TheDailySpendCapStopsPaidWorkUntilTheNextUtcDay) {
    cap_micro_usd_ = 1'000'000;
    add_site(10);
    open();
    const auto first = create();
    round_and_send();
    end(first, "succeeded", 999'999);
    clock_.advance(5 * second);
    const auto dear = create();
    round_and_send();
    EXPECT_EQ(sent_to("far"), 2u);
    EXPECT_FALSE(dispatcher().dispatch_trouble());
    end(dear, "succeeded", 1);
    clock_.advance(5 * second);
    const auto waiting = create();
    round_and_send();
    EXPECT_EQ(sent_to("far"), 2u);
    EXPECT_TRUE(never_was(waiting));
    ASSERT_TRUE(dispatcher().dispatch_trouble());
    EXPECT_NE(dispatcher().dispatch_trouble()->find("1.00 of 1.00 USD"), std::string::npos);
    clock_.advance(std::chrono::hours(24));
    round_and_send();
    EXPECT_EQ(sent_to("far"), 3u);
    EXPECT_FALSE(dispatcher().dispatch_trouble());
}

TEST_F(RemoteLaneTest, SpendCapAndTroublesAreToldALineEach) {
    cap_micro_usd_ = 0;
    auto& a = add_site(10, "a");
    auto& b = add_site(10, "b");
    open();
    a.set_endpoint_trouble("no funds");
    round_and_send();
    b.set_endpoint_trouble("circuit open");
    const auto told = dispatcher().dispatch_trouble();
    ASSERT_TRUE(told);
    EXPECT_EQ(std::count(told->begin(), told->end(), '\n'), 2);
    EXPECT_NE(told->find("\nEndpoint a gets nothing: no funds\nEndpoint b gets nothing: circuit open"),
              std::string::npos);
}

TEST_F(RemoteLaneTest, NothingIsClaimedWhileTheStorageCannotBeUsed) {
    add_site(10);
    open();
    const auto id = create();
    breakable_.break_with(ports::ObjectErrorKind::unavailable);
    round_and_send();
    EXPECT_TRUE(never_was(id));
    breakable_.mend();
    clock_.advance(60 * second);
    round_and_send();
    EXPECT_EQ(sent_to("far"), 1u);
}

TEST_F(RemoteLaneTest, JobsOfThisMachineAndOfOthersGoTheirOwnWays) {
    ScriptedBackend here(2, dir_.path());
    locals_ = {&here};
    add_site(3);
    open();
    const auto local = create("local");
    const auto remote = create();
    const auto report = round();
    while (submitter().send_next()) {
    }
    EXPECT_EQ(report.dispatched, 2);
    EXPECT_EQ(report.inflight_max, 5);
    ASSERT_EQ(here.open_orders().size(), 1u);
    EXPECT_EQ(here.open_orders()[0].job, local);
    EXPECT_EQ(row(remote).state, RemoteState::submitted);

    dispatcher().stop_attempt(attempt(local).id);
    EXPECT_EQ(here.stop_requests().size(), 1u);
    EXPECT_EQ(follower_wakes_, 0);
    dispatcher().stop_attempt(attempt(remote).id);
    EXPECT_EQ(here.stop_requests().size(), 1u);
    EXPECT_EQ(follower_wakes_, 1);

    // A crash ends what ran here and leaves what runs elsewhere alone.
    here.forget();
    crash_and_open();
    EXPECT_EQ(job(local).status, Status::queued);
    EXPECT_EQ(job(local).attempts.back().error->code, core::ErrorCode::interrupted);
    EXPECT_EQ(job(remote).status, Status::dispatched);
    EXPECT_EQ(row(remote).state, RemoteState::submitted);
    locals_.clear();
    close();
}

TEST_F(RemoteLaneTest, F_C14_AnEndpointThatIsOnlyKeptForItsOldJobsGetsNoNewOnes) {
    add_site(5, "a");
    open();
    const auto id = create();
    round_and_send();
    kept_sites_ = std::move(sites_);
    sites_.clear();
    auto& renewed = add_site(5, "b");
    crash_and_open();
    (void)create();
    round_and_send();
    EXPECT_EQ(kept_sites_[0]->orders().size(), 1u);
    EXPECT_EQ(renewed.orders().size(), 1u);
    const auto old_row = row(id);
    EXPECT_EQ(gateway_->sites.find(old_row.endpoint, old_row.target), kept_sites_[0].get());
    EXPECT_EQ(gateway_->sites.find("b", old_row.target), kept_sites_[0].get());
    EXPECT_EQ(gateway_->sites.find("b", "scripted|nobody knows"), nullptr);
}

TEST_F(RemoteLaneTest, AStoreThatFailsIsToldAndNothingIsLost) {
    add_site(5, "a");
    add_site(5, "b");
    open();
    const auto ids = create_many(4);
    for (const auto* call : {"claim", "count_queue", "list_inflight"}) {
        SCOPED_TRACE(call);
        faults_.before([call](std::string_view name) -> std::optional<ports::StoreError> {
            if (name == call) return ports::StoreError{ports::StoreErrorKind::unavailable, "by the test"};
            return std::nullopt;
        });
        EXPECT_FALSE(dispatcher().run_round().ok());
        faults_.none();
        for (const auto& id : ids) EXPECT_TRUE(never_was(id));
    }
    round_and_send();
    EXPECT_EQ(sent_to("a") + sent_to("b"), 4u);
}

// The thread of the dispatcher: it hears of new jobs, and looks by itself whether a trouble has passed.
TEST_F(RemoteLaneTest, TheLoopGoesOnByItselfWhenATroubleHasPassed) {
    class News : public ports::StoreListener {
    public:
        explicit News(dispatch::Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
        void jobs_ready() override { dispatcher_.wake(); }
        void job_changed(const JobId&) override {}

    private:
        dispatch::Dispatcher& dispatcher_;
    };
    auto& far = add_site(20);
    first_pass_done_ = false;
    open();
    News news(dispatcher());
    store().set_listener(&news);
    std::thread loop([&] { dispatcher().run(); });
    std::thread sender([&] { submitter().run(); });
    const auto pass_time_until = [&](const auto& holds) {
        const auto begun = clock_.monotonic();
        while (!holds()) clock_.pass(Milliseconds(100));
        return clock_.monotonic() - begun;
    };
    (void)create_many(3);
    first_pass_done_ = true;
    (void)pass_time_until([&] { return far.orders().size() == 3; });
    far.set_endpoint_trouble("not reached");
    (void)create_many(3);
    (void)pass_time_until(
        [&, until = clock_.monotonic() + 60 * second] { return clock_.monotonic() > until; });
    EXPECT_EQ(far.orders().size(), 3u);
    far.set_endpoint_trouble(std::nullopt);
    (void)pass_time_until([&] { return far.orders().size() == 6; });
    dispatcher().stop();
    submitter().stop();
    loop.join();
    sender.join();
    store().set_listener(nullptr);
}

}  // namespace
}  // namespace darkroom::testing
