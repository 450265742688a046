#include "runpod/endpoint/fleet.h"

#include <gtest/gtest.h>

namespace darkroom::runpod::endpoint {
namespace {

constexpr Instant start{std::chrono::hours(1)};
Instant at(std::int64_t ms) { return start + Milliseconds(ms); }

using State = Fleet::State;

State state_of(const Fleet& fleet, const std::string& worker, std::int64_t ms) {
    return fleet.workers().at(worker).state(at(ms));
}

TEST(Fleet, WithoutDemandNobodyIsStarted) {
    Fleet fleet({}, {});
    fleet.seen("w", "", at(0));
    EXPECT_TRUE(fleet.scale({}, at(0)).empty());
    EXPECT_EQ(state_of(fleet, "w", 0), State::stopped);
    EXPECT_FALSE(fleet.may_take("w", at(0)));
    EXPECT_EQ(fleet.counts(at(0)).idle, 0);
}

TEST(Fleet, AColdStartHoldsTheFirstJobBack) {
    Fleet fleet({}, {.cold_start = Milliseconds(3'000)});
    fleet.seen("w", "L4", at(0));
    fleet.scale({.queued = 1}, at(0));
    EXPECT_EQ(fleet.counts(at(2'999)).initializing, 1);
    EXPECT_FALSE(fleet.may_take("w", at(2'999)));
    EXPECT_TRUE(fleet.may_take("w", at(3'000)));
    EXPECT_EQ(fleet.counts(at(3'000)).ready, 1);
}

TEST(Fleet, NoMoreThanMaxAndNoneWhereNoMachineIs) {
    Fleet fleet({.workers_max = 2}, {});
    for (const auto* worker : {"a", "b", "c"}) fleet.seen(worker, "", at(0));
    fleet.scale({.queued = 9}, at(0));
    EXPECT_EQ(fleet.counts(at(0)).idle, 2);
    Fleet throttled({.workers_max = 2}, {.throttled = 2});
    throttled.seen("a", "", at(0));
    throttled.scale({.queued = 9}, at(0));
    EXPECT_FALSE(throttled.may_take("a", at(0)));
    EXPECT_EQ(throttled.counts(at(0)).throttled, 2);
    Fleet zero({.workers_max = 0}, {});
    zero.seen("a", "", at(0));
    zero.scale({.queued = 9}, at(0));
    EXPECT_FALSE(zero.may_take("a", at(0)));
}

TEST(Fleet, IdleWorkersStopAndAreBilledFromStartToStop) {
    Fleet fleet({.idle_timeout = Milliseconds(10'000)}, {});
    fleet.seen("w", "", at(0));
    fleet.scale({.queued = 1}, at(0));
    fleet.took("w", "j");
    fleet.poll_begins("w", at(20'000));
    EXPECT_TRUE(fleet.scale({.running = 1}, at(20'000)).empty());
    EXPECT_EQ(state_of(fleet, "w", 20'000), State::running);
    fleet.seen("w", "", at(20'000));
    fleet.gave_back("w", "j", at(20'000));
    fleet.gave_back("w", "j", at(25'000));  // twice changes nothing
    EXPECT_TRUE(fleet.scale({}, at(29'999)).empty());
    const auto stops = fleet.scale({}, at(30'000));
    ASSERT_EQ(stops.size(), 1u);
    EXPECT_EQ(stops[0].started, at(0));
    EXPECT_EQ(state_of(fleet, "w", 30'000), State::stopped);
}

TEST(Fleet, MinWorkersStay) {
    Fleet fleet({.workers_min = 1, .idle_timeout = Milliseconds(1'000)}, {});
    fleet.seen("a", "", at(0));
    fleet.seen("b", "", at(0));
    fleet.poll_begins("a", at(0));
    fleet.poll_begins("b", at(0));
    fleet.scale({.queued = 2}, at(0));
    EXPECT_EQ(fleet.scale({}, at(5'000)).size(), 1u);
    EXPECT_EQ(fleet.counts(at(5'000)).idle, 1);
    EXPECT_TRUE(fleet.scale({}, at(50'000)).empty());
}

TEST(Fleet, QueueDelayAddsOneWorkerAtATime) {
    Fleet fleet({.kind = Scaling::Kind::queue_delay, .queue_delay = Milliseconds(4'000)}, {});
    for (const auto* worker : {"a", "b", "c"}) fleet.seen(worker, "", at(0));
    for (const auto* worker : {"a", "b", "c"}) fleet.poll_begins(worker, at(0));
    fleet.scale({.queued = 5}, at(0));
    EXPECT_EQ(fleet.counts(at(0)).idle, 1);
    fleet.scale({.queued = 5, .longest_wait = Milliseconds(3'999)}, at(3'999));
    EXPECT_EQ(fleet.counts(at(3'999)).idle, 1);
    fleet.scale({.queued = 5, .longest_wait = Milliseconds(4'000)}, at(4'000));
    EXPECT_EQ(fleet.counts(at(4'000)).idle, 2);
}

TEST(Fleet, AWorkerThatGaveUpIsUnhealthyUntilItComesBack) {
    Fleet fleet({}, {});
    fleet.seen("w", "", at(0));
    fleet.scale({.queued = 1}, at(0));
    fleet.unhealthy("w", "cuda: none", at(10));
    EXPECT_TRUE(fleet.is_lost("w", at(10)));
    EXPECT_EQ(fleet.scale({.queued = 1}, at(10)).size(), 1u);
    EXPECT_EQ(fleet.counts(at(10)).unhealthy, 1);
    EXPECT_FALSE(fleet.may_take("w", at(10)));
    fleet.seen("w", "", at(20));
    fleet.scale({.queued = 1}, at(20));
    EXPECT_TRUE(fleet.may_take("w", at(20)));
}

// Its container died: whoever waits in the queue must not wait for it.
TEST(Fleet, AnIdleWorkerThatPollsNoLongerMakesRoomForAnother) {
    Fleet fleet({.workers_max = 1}, {});
    fleet.seen("dead", "", at(0));
    fleet.poll_begins("dead", at(0));
    fleet.scale({.queued = 1}, at(0));
    fleet.poll_ends("dead", at(1'000));
    fleet.seen("dead", "", at(2'500));  // the heartbeat's process outlived it
    fleet.seen("other", "", at(2'000));
    fleet.poll_begins("other", at(2'000));
    fleet.scale({.queued = 1}, at(2'999));
    EXPECT_FALSE(fleet.may_take("other", at(2'999)));
    fleet.scale({.queued = 1}, at(3'000));
    EXPECT_TRUE(fleet.may_take("other", at(3'000)));
}

TEST(Fleet, SilentWorkersAreLostAndThenForgotten) {
    Fleet fleet({}, {});
    fleet.seen("w", "", at(0));
    fleet.scale({.queued = 1}, at(0));
    fleet.took("w", "j");
    EXPECT_FALSE(fleet.is_lost("w", at(29'999)));
    EXPECT_TRUE(fleet.is_lost("w", at(30'000)));
    EXPECT_TRUE(fleet.is_lost("nobody", at(0)));
    EXPECT_EQ(fleet.scale({}, at(60'000)).size(), 1u);  // its bill ends
    EXPECT_TRUE(fleet.workers().empty());
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
