#include "cli/interrupts.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace darkroom::cli {
namespace {

TEST(Interrupts, TheFirstOneCallsBackOnce) {
    for (const int signal : {SIGINT, SIGTERM}) {
        std::promise<void> called;
        const Interrupts interrupts([&] { called.set_value(); });
        std::raise(signal);
        EXPECT_EQ(called.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
    }
}

TEST(InterruptsDeathTest, TheSecondOneEndsTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            const Interrupts interrupts([] {});
            std::raise(SIGINT);
            std::raise(SIGINT);
        },
        testing::ExitedWithCode(130), "");
}

TEST(Interrupts, GiveTheSignalsBack) {
    static std::atomic<int> caught;
    caught = 0;
    const auto old = std::signal(SIGINT, [](int) { ++caught; });
    {
        const Interrupts interrupts([] {});
    }
    std::raise(SIGINT);
    EXPECT_EQ(caught, 1);
    (void)std::signal(SIGINT, old);
}

}  // namespace
}  // namespace darkroom::cli
