#include "runpod/scale/rate_limit.h"

#include <gtest/gtest.h>

namespace darkroom::runpod::scale {
namespace {

std::optional<Milliseconds> pause(const std::string& value, const std::string& name = "RateLimit") {
    return pause_asked_for({{"Content-Type", "application/json"}, {name, value}});
}

TEST(RateLimit, AsksForAPauseOnceNothingIsLeft) {
    EXPECT_EQ(pause(R"("minute";r=59;t=60)"), std::nullopt);
    EXPECT_EQ(pause(R"("minute";r=0;t=34)"), Milliseconds(34'000));
    EXPECT_EQ(pause(R"("minute";t=34;r=0)", "ratelimit"), Milliseconds(34'000));
    EXPECT_EQ(pause(R"("minute"; r=0; t=34, "hour";r=0;t=120, "day";r=7;t=900)"), Milliseconds(120'000));
}

TEST(RateLimit, ObeysNothingAbsurd) {
    EXPECT_EQ(pause(R"("minute";r=0;t=0)"), Milliseconds(1'000));
    EXPECT_EQ(pause(R"("minute";r=0)"), Milliseconds(1'000));
    EXPECT_EQ(pause(R"("minute";r=0;t=99999999999999999999)"), Milliseconds(300'000));
    EXPECT_EQ(pause(R"("minute";r=0;t=-5)"), Milliseconds(1'000));
    for (const auto* text : {"", ";", ",", ",,;;==", "r", "r=", "r=-1;t=5", "r=x;t=5",
                             "\"minute\";r=00000000;t=9", "rr=0;t=9", "\"r=0;t=60"})
        EXPECT_EQ(pause(text), std::nullopt) << text;
    EXPECT_EQ(pause(std::string(100'000, ';')), std::nullopt);
    EXPECT_EQ(pause(R"("minute";q=60;w=60)", "RateLimit-Policy"), std::nullopt);
}

}  // namespace
}  // namespace darkroom::runpod::scale
