// The ramp after a trouble: how many jobs an endpoint gets, and when.
#include "dispatch/site_pace.h"

#include <gtest/gtest.h>

namespace darkroom::dispatch {
namespace {

constexpr Instant start{std::chrono::hours(1)};
constexpr Milliseconds second{1'000};

class SitePaceTest : public ::testing::Test {
protected:
    int allowance(Milliseconds after, bool in_trouble = false) {
        return pace_.allowance("far", in_trouble, limit_, start + after);
    }
    void take(int jobs) { pace_.took("far", jobs); }

    static PaceRules every_trouble_counts() {
        PaceRules rules;
        rules.outage_min = Milliseconds(0);
        return rules;
    }

    int limit_ = 100;
    SitePace pace_{every_trouble_counts()};
};

TEST_F(SitePaceTest, AnEndpointThatWasNeverInTroubleGetsAllItHasRoomFor) {
    EXPECT_EQ(allowance(Milliseconds(0)), 100);
    take(100);
    EXPECT_EQ(allowance(second), 100);
    EXPECT_FALSE(pace_.next_change(start + second));
}

TEST_F(SitePaceTest, F_C25_AfterATroubleTheFirstStepIsFourAndEachNextIsTwiceAsMany) {
    EXPECT_EQ(allowance(Milliseconds(0), true), 0);
    EXPECT_EQ(allowance(5 * second, true), 0);
    EXPECT_EQ(pace_.next_change(start + 5 * second), start + 6 * second);  // to ask whether it has passed
    EXPECT_EQ(allowance(6 * second), 4);
    take(3);
    EXPECT_EQ(allowance(7 * second), 1);
    take(1);
    EXPECT_EQ(allowance(15 * second), 0);
    EXPECT_EQ(pace_.next_change(start + 15 * second), start + 16 * second);
    EXPECT_EQ(allowance(16 * second), 8);
    take(8);
    EXPECT_EQ(allowance(16 * second), 0);
    EXPECT_EQ(allowance(26 * second), 16);
    EXPECT_EQ(allowance(36 * second), 32);
    EXPECT_EQ(allowance(46 * second), 64);
    EXPECT_EQ(allowance(56 * second), 100);  // 128 would be beyond its limit: the ramp is over
    take(100);
    EXPECT_EQ(allowance(56 * second), 100);
    EXPECT_FALSE(pace_.next_change(start + 56 * second));
}

TEST_F(SitePaceTest, ATroubleInTheMiddleOfARampBeginsItAnew) {
    (void)allowance(Milliseconds(0), true);
    EXPECT_EQ(allowance(1 * second), 4);
    EXPECT_EQ(allowance(21 * second), 16);
    EXPECT_EQ(allowance(22 * second, true), 0);
    EXPECT_EQ(allowance(23 * second), 4);
}

TEST_F(SitePaceTest, ASmallLimitIsNeverExceededByARamp) {
    limit_ = 3;
    (void)allowance(Milliseconds(0), true);
    EXPECT_EQ(allowance(second), 3);
}

TEST_F(SitePaceTest, AnEndpointLeftAloneForALongTimeAfterATroubleIsWholeAgain) {
    limit_ = 1'000'000'000;
    (void)allowance(Milliseconds(0), true);
    EXPECT_EQ(allowance(second), 4);
    EXPECT_EQ(allowance(std::chrono::hours(24 * 365)), 4 << 20);
}

TEST_F(SitePaceTest, F_C02_APauseThatAnEndpointAsksForIsKeptToWithinReason) {
    struct Case {
        std::int64_t asked_ms;
        std::int64_t kept_ms;
    };
    for (const auto& [asked, kept] :
         {Case{0, 1'000}, Case{-5'000, 1'000}, Case{999, 1'000}, Case{7'000, 7'000}, Case{300'000, 300'000},
          Case{1'000'000'000'000, 300'000}, Case{INT64_MIN, 1'000}, Case{INT64_MAX, 300'000}}) {
        SCOPED_TRACE(asked);
        SitePace pace(every_trouble_counts());
        pace.hold("far", Milliseconds(asked), start);
        const auto until = start + Milliseconds(kept);
        EXPECT_TRUE(pace.is_held("far", until - Milliseconds(1)));
        EXPECT_EQ(pace.allowance("far", false, 100, until - Milliseconds(1)), 0);
        EXPECT_EQ(pace.next_change(start), until);
        EXPECT_FALSE(pace.is_held("far", until));
        EXPECT_EQ(pace.allowance("far", false, 100, until), 4);
    }
}

TEST_F(SitePaceTest, AMomentsTroubleIsNoOutage) {
    SitePace pace;
    pace.hold("far", 2 * second, start);
    EXPECT_EQ(pace.allowance("far", false, 100, start + second), 0);
    EXPECT_EQ(pace.allowance("far", false, 100, start + 60 * second), 100) << "however late it is asked for";
    EXPECT_EQ(pace.allowance("far", true, 100, start + 70 * second), 0);
    EXPECT_EQ(pace.allowance("far", true, 100, start + 99 * second), 0);
    EXPECT_EQ(pace.allowance("far", false, 100, start + 100 * second), 100);
}

TEST_F(SitePaceTest, AMomentsTroubleInARampLetsItGoOnWhereItWas) {
    SitePace pace;
    (void)pace.allowance("far", true, 100, start);
    (void)pace.allowance("far", true, 100, start + 30 * second);
    EXPECT_EQ(pace.allowance("far", false, 100, start + 31 * second), 4);
    EXPECT_EQ(pace.allowance("far", true, 100, start + 35 * second), 0);
    EXPECT_EQ(pace.allowance("far", false, 100, start + 41 * second), 8);
}

TEST_F(SitePaceTest, TheLongestOfSeveralPausesCounts) {
    pace_.hold("far", 20 * second, start);
    pace_.hold("far", 5 * second, start + second);
    EXPECT_TRUE(pace_.is_held("far", start + 19 * second));
    EXPECT_FALSE(pace_.is_held("far", start + 20 * second));
}

TEST_F(SitePaceTest, F_C26_ATroubleOfOneEndpointIsNotAnothers) {
    pace_.hold("far", 20 * second, start);
    EXPECT_FALSE(pace_.is_held("near", start));
    EXPECT_EQ(pace_.allowance("near", false, 50, start), 50);
    EXPECT_EQ(allowance(Milliseconds(0)), 0);
}

TEST_F(SitePaceTest, WhatIsOverIsNoReasonToLookAgain) {
    pace_.hold("nobody asks for its allowance any more", 5 * second, start);
    EXPECT_FALSE(pace_.next_change(start + 6 * second));
}

}  // namespace
}  // namespace darkroom::dispatch
