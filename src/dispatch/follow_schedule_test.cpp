#include "dispatch/follow_schedule.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace darkroom::dispatch {
namespace {

constexpr std::uint64_t lowest = 0;
constexpr std::uint64_t highest = 10'000;
constexpr std::uint64_t middle = 5'000;

TEST(FollowSchedule, LooksAfterTwoSecondsThenInGrowingPausesUpToThirty) {
    const FollowTimes times;
    std::vector<std::int64_t> pauses;
    for (int looks = 0; looks < 9; ++looks) pauses.push_back(pause_before_look(times, looks, middle).count());
    EXPECT_EQ(pauses, (std::vector<std::int64_t>{2'000, 3'000, 4'500, 6'750, 10'125, 15'187, 22'780, 30'000,
                                                 30'000}));
}

TEST(FollowSchedule, SpreadsLooksByAFifthBothWays) {
    const FollowTimes times;
    EXPECT_EQ(pause_before_look(times, 0, lowest), Milliseconds(1'600));
    EXPECT_EQ(pause_before_look(times, 0, highest), Milliseconds(2'400));
    EXPECT_EQ(pause_before_look(times, 1'000'000'000, highest), Milliseconds(36'000));
    for (const auto dice : {std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()}) {
        EXPECT_GE(pause_before_look(times, 0, dice), Milliseconds(1'600));
        EXPECT_LE(pause_before_look(times, 0, dice), Milliseconds(2'400));
    }
}

TEST(FollowSchedule, WaitsAsLongAsAServerAsksButNotForAbsurdTimes) {
    const FollowTimes times;
    EXPECT_EQ(pause_after_trouble(times, 0, Milliseconds(20'000), middle), Milliseconds(20'000));
    EXPECT_EQ(pause_after_trouble(times, 0, Milliseconds(0), middle), Milliseconds(2'000));
    EXPECT_EQ(pause_after_trouble(times, 0, Milliseconds(-5), middle), Milliseconds(2'000));
    EXPECT_EQ(pause_after_trouble(times, 0, Milliseconds(1'000'000'000'000), middle), Milliseconds(300'000));
}

TEST(FollowSchedule, AScaledScheduleKeepsItsProportionsAndNeverStandsStill) {
    const auto times = FollowTimes{}.scaled(0.01);
    EXPECT_EQ(times.first_look, Milliseconds(20));
    EXPECT_EQ(times.adopt_window, Milliseconds(300));
    EXPECT_EQ(pause_before_look(times, 0, middle), Milliseconds(20));
    EXPECT_EQ(FollowTimes{}.scaled(0).look_pause_max, Milliseconds(1));
}

}  // namespace
}  // namespace darkroom::dispatch
