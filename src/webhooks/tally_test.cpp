#include "webhooks/tally.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/manual_clock.h"

namespace darkroom::webhooks {
namespace {

int lines_of(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

TEST(Tally, TellsTheOperatorOfRefusalsOnceAMinuteWhateverTheirNumber) {
    testing::ManualClock clock;
    Tally tally(clock);
    ::testing::internal::CaptureStderr();
    for (int i = 0; i < 5'000; ++i) tally.count(Heard::forged_token);
    clock.advance(Milliseconds(59'999));
    tally.count(Heard::bad_signature);
    const auto first = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(lines_of(first), 1) << first;

    ::testing::internal::CaptureStderr();
    clock.advance(Milliseconds(1));
    tally.count(Heard::stale_signature);
    const auto second = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(lines_of(second), 1) << second;
    EXPECT_NE(second.find("5000"), std::string::npos) << second;
    EXPECT_EQ(tally.of(Heard::forged_token), 5'000);
    EXPECT_EQ(tally.of(Heard::bad_signature), 1);
}

TEST(Tally, SaysNothingOfWhatIsWelcome) {
    testing::ManualClock clock;
    Tally tally(clock);
    ::testing::internal::CaptureStderr();
    for (const auto heard : {Heard::hint, Heard::report, Heard::claim, Heard::replayed, Heard::no_token})
        tally.count(heard);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(tally.of(Heard::hint), 1);
}

}  // namespace
}  // namespace darkroom::webhooks
