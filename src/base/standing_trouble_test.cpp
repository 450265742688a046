#include "base/standing_trouble.h"

#include <gtest/gtest.h>

namespace darkroom {
namespace {

TEST(StandingTrouble, IsToldWhenItBeginsNowAndThenAndWhenItIsOver) {
    StandingTrouble trouble(Milliseconds(30'000));
    const Instant start{};
    EXPECT_FALSE(trouble.is_over()) << "there was none";
    EXPECT_TRUE(trouble.met(start));
    int told = 0;
    for (int second = 1; second <= 90; ++second)
        told += trouble.met(start + Milliseconds(1'000 * second)) ? 1 : 0;
    EXPECT_EQ(told, 3);
    EXPECT_TRUE(trouble.is_over());
    EXPECT_FALSE(trouble.is_over());
    EXPECT_TRUE(trouble.met(start + Milliseconds(91'000))) << "it is back";
}

}  // namespace
}  // namespace darkroom
