#include "dispatch/follow_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace darkroom::dispatch {
namespace {

constexpr std::uint64_t lowest = 0;
constexpr std::uint64_t highest = 10'000;
constexpr std::uint64_t middle = 5'000;

TEST(FollowSchedule, LooksAfterTwoSecondsThenInGrowingPausesUpToThirty) {
    const FollowTimes times;
    std::vector<std::int64_t> pauses;
    pauses.reserve(9);
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

// Ends at any time within half an hour, and one look of twenty in vain.
TEST(FollowSchedule, EndsThatNobodyTellsOfAreNoticedWithin75SecondsInNinetyNineOfAHundred) {
    const FollowTimes times;
    std::mt19937_64 random(11);
    std::vector<Milliseconds> lags;
    for (int job = 0; job < 20'000; ++job) {
        const Milliseconds end{static_cast<std::int64_t>(random() % 1'800'000)};
        Milliseconds at{0};
        for (int looks = 0;; ++looks) {
            at += pause_before_look(times, looks, random());
            if (at >= end && random() % 20 != 0) break;
        }
        lags.push_back(at - end);
    }
    std::sort(lags.begin(), lags.end());
    EXPECT_LE(lags[lags.size() * 99 / 100], Milliseconds(75'000));
    EXPECT_LE(lags[lags.size() / 2], Milliseconds(20'000));
    RecordProperty("p50_ms", std::to_string(lags[lags.size() / 2].count()));
    RecordProperty("p99_ms", std::to_string(lags[lags.size() * 99 / 100].count()));
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
