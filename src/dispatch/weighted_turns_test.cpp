// Shares by weight, for whole rounds and for jobs that come one at a time.
#include "dispatch/weighted_turns.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace darkroom::dispatch {
namespace {

using Members = std::vector<WeightedTurns::Member>;

Members endpoints(std::initializer_list<std::pair<int, int>> weights_and_rooms) {
    Members members;
    for (const auto& [weight, room] : weights_and_rooms)
        members.push_back({.name = "e" + std::to_string(members.size()), .weight = weight, .room = room});
    return members;
}

int sum(const std::vector<int>& shares) { return std::accumulate(shares.begin(), shares.end(), 0); }

TEST(WeightedTurns, OneRoundIsSharedInProportionWithTheRemainderByTheLargestFraction) {
    const WeightedTurns turns;
    EXPECT_EQ(turns.share_out(60, endpoints({{1, 100}, {2, 100}, {3, 100}})), (std::vector{10, 20, 30}));
    EXPECT_EQ(turns.share_out(7, endpoints({{1, 100}, {1, 100}})), (std::vector{4, 3}));
    EXPECT_EQ(turns.share_out(10, endpoints({{5, 100}, {3, 100}})), (std::vector{6, 4}));  // 6.25 and 3.75
    EXPECT_EQ(turns.share_out(0, endpoints({{5, 100}, {3, 100}})), (std::vector{0, 0}));
    EXPECT_EQ(turns.share_out(5, {}), (std::vector<int>{}));
}

TEST(WeightedTurns, WhatOneHasNoRoomForIsTheOthers) {
    const WeightedTurns turns;
    EXPECT_EQ(turns.share_out(30, endpoints({{1, 2}, {1, 100}, {1, 100}})), (std::vector{2, 14, 14}));
    EXPECT_EQ(turns.share_out(30, endpoints({{9, 0}, {1, 100}})), (std::vector{0, 30}));
    EXPECT_EQ(turns.share_out(30, endpoints({{9, 3}, {1, 4}})), (std::vector{3, 4}));
    EXPECT_EQ(turns.share_out(30, endpoints({{9, 0}, {1, -4}})), (std::vector{0, 0}));
}

TEST(WeightedTurns, AWeightThatIsNoneCountsAsOne) {
    EXPECT_EQ(WeightedTurns().share_out(4, endpoints({{0, 10}, {-7, 10}})), (std::vector{2, 2}));
}

TEST(WeightedTurns, JobsThatComeOneAtATimeAreSharedInProportionToo) {
    WeightedTurns turns;
    const auto members = endpoints({{1, 10}, {2, 10}, {4, 10}});
    std::vector<int> got(3, 0);
    for (int job = 0; job < 700; ++job) {
        const auto share = turns.share_out(1, members);
        ASSERT_EQ(sum(share), 1);
        turns.took(members, share);
        for (std::size_t i = 0; i < 3; ++i) got[i] += share[i];
    }
    EXPECT_EQ(got, (std::vector{100, 200, 400}));
}

TEST(WeightedTurns, WhatAnEndpointMissedWhileItWasFullIsNotMadeUpFor) {
    WeightedTurns turns;
    auto members = endpoints({{1, 0}, {1, 1'000}});
    for (int round = 0; round < 50; ++round) turns.took(members, turns.share_out(10, members));
    members[0].room = 1'000;
    const auto share = turns.share_out(20, members);
    EXPECT_EQ(share, (std::vector{10, 10}));
}

// The queue held fewer jobs of the kind than were counted, so the first to claim got more than its share: the
// next round sees to it.
TEST(WeightedTurns, WhoGotMoreThanItsShareIsLaterInTheNextRound) {
    WeightedTurns turns;
    const auto members = endpoints({{1, 10}, {1, 10}});
    ASSERT_EQ(turns.share_out(10, members), (std::vector{5, 5}));
    turns.took(members, {3, 0});
    EXPECT_EQ(turns.share_out(1, members), (std::vector{0, 1}));
    EXPECT_EQ(turns.order(members), (std::vector<std::size_t>{1, 0}));
}

TEST(WeightedTurns, NeverGivesMoreThanThereIsNorMoreThanThereIsRoomFor) {
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        WeightedTurns turns;
        for (int round = 0; round < 20; ++round) {
            Members members;
            int room = 0;
            for (std::uint32_t i = 0; i < 1 + seed % 5; ++i) {
                members.push_back({.name = std::to_string(i),
                                   .weight = static_cast<int>(random() % 9),
                                   .room = static_cast<int>(random() % 30)});
                room += members.back().room;
            }
            const int jobs = static_cast<int>(random() % 60);
            auto share = turns.share_out(jobs, members);
            ASSERT_EQ(sum(share), std::min(jobs, room));
            for (std::size_t i = 0; i < members.size(); ++i) {
                ASSERT_LE(share[i], members[i].room);
                share[i] =
                    share[i] > 0 ? static_cast<int>(random() % static_cast<unsigned>(share[i] + 1)) : 0;
            }
            turns.took(members, share);
        }
    }
}

}  // namespace
}  // namespace darkroom::dispatch
