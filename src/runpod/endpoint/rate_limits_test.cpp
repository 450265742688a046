#include "runpod/endpoint/rate_limits.h"

#include <gtest/gtest.h>

namespace darkroom::runpod::endpoint {
namespace {

constexpr Instant start{std::chrono::hours(1)};
Instant at(std::int64_t ms) { return start + Milliseconds(ms); }

TEST(RateLimits, AThousandRunsInTenSecondsAndNoMore) {
    RateLimits limits(1);
    for (int i = 0; i < 1'000; ++i) ASSERT_FALSE(limits.refuse(Operation::run, at(i)));
    const auto wait = limits.refuse(Operation::run, at(1'500));
    ASSERT_TRUE(wait);
    EXPECT_EQ(*wait, Milliseconds(8'500));
    EXPECT_TRUE(limits.refuse(Operation::run, at(9'999)));
    EXPECT_FALSE(limits.refuse(Operation::run, at(10'000)));
    EXPECT_FALSE(limits.refuse(Operation::status, at(1'500)));  // others are not concerned
}

TEST(RateLimits, TheWindowSlides) {
    RateLimits limits(1);
    EXPECT_FALSE(limits.refuse(Operation::purge, at(0)));
    EXPECT_FALSE(limits.refuse(Operation::purge, at(5'000)));
    EXPECT_TRUE(limits.refuse(Operation::purge, at(9'000)));
    EXPECT_FALSE(limits.refuse(Operation::purge, at(10'500)));
    EXPECT_TRUE(limits.refuse(Operation::purge, at(14'000)));
    EXPECT_FALSE(limits.refuse(Operation::purge, at(15'000)));
    EXPECT_FALSE(limits.refuse(Operation::purge, at(3'600'000)));
}

TEST(RateLimits, HeldAnswersAreCountedUntilTheyEnd) {
    RateLimits limits(1);
    for (int i = 0; i < 400; ++i) ASSERT_TRUE(limits.hold(Operation::status));
    EXPECT_FALSE(limits.hold(Operation::status));
    limits.let_go(Operation::status);
    EXPECT_TRUE(limits.hold(Operation::status));
}

TEST(RateLimits, CanBeSwitchedOffOrScaled) {
    RateLimits none(0);
    for (int i = 0; i < 5'000; ++i) ASSERT_FALSE(none.refuse(Operation::purge, at(0)));
    RateLimits tenth(0.1);
    for (int i = 0; i < 10; ++i) ASSERT_FALSE(tenth.refuse(Operation::cancel, at(0)));
    EXPECT_TRUE(tenth.refuse(Operation::cancel, at(0)));
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
