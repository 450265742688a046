#include "cli/duration_flag.h"

#include <gtest/gtest.h>

namespace darkroom::cli {
namespace {

TEST(DurationFlag, TakesWhatPeopleType) {
    EXPECT_EQ(parse_duration("90"), Milliseconds(90'000));
    EXPECT_EQ(parse_duration("30s"), Milliseconds(30'000));
    EXPECT_EQ(parse_duration("1.5m"), Milliseconds(90'000));
    EXPECT_EQ(parse_duration("2h"), Milliseconds(7'200'000));
    EXPECT_EQ(parse_duration("7d"), Milliseconds(604'800'000));
    EXPECT_EQ(parse_duration("50ms"), Milliseconds(50));
}

TEST(DurationFlag, RefusesWhatIsNoTimeToWait) {
    for (const auto* text :
         {"", "0", "-5", "s", "5w", "5 s", "367d", "nan", "inf", "1e3", "99999999h", "5s5", "0.0001ms"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace darkroom::cli
