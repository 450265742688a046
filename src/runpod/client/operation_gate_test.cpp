#include "runpod/client/operation_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <semaphore>
#include <thread>

#include "runpod/client/testing/scripted_api.h"
#include "tests/support/manual_clock.h"

namespace darkroom::runpod {
namespace {

using Enter = OperationGate::Answer;

constexpr OperationTraits narrow{Operation::cancel, "cancel", 100'000, 5, true};  // 4 at once
constexpr OperationTraits slow{Operation::purge, "purge-queue", 2, 100, false};

TEST(OperationGate, LetsNoMoreInThanItsShareOfTheLimit) {
    testing::JumpingClock clock;
    Waits waits(clock);
    OperationGate gate(narrow, clock, waits);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(gate.enter(clock.monotonic()).answer, Enter::enter);
    const auto full = gate.enter(clock.monotonic() + Milliseconds(500));
    EXPECT_EQ(full.answer, Enter::not_in_time);
    EXPECT_EQ(clock.passed(), Milliseconds(500)) << "somebody might have left until then";
    gate.leave();
    EXPECT_EQ(gate.enter(clock.monotonic()).answer, Enter::enter);
}

TEST(OperationGate, WaitsForItsTurnAndNotForOneThatComesTooLate) {
    testing::JumpingClock clock;
    Waits waits(clock);
    OperationGate gate(slow, clock, waits);
    EXPECT_EQ(gate.enter(clock.monotonic()).answer, Enter::enter);
    const auto late = gate.enter(clock.monotonic() + Milliseconds(100));
    EXPECT_EQ(late.answer, Enter::not_in_time);
    EXPECT_EQ(clock.passed(), Milliseconds(0)) << "known to be too early: no wait at all";
    EXPECT_GT(late.wait, Milliseconds(10'000));
    EXPECT_EQ(gate.enter(clock.monotonic() + late.wait).answer, Enter::enter);
    EXPECT_EQ(clock.passed(), late.wait);
    gate.leave_unused();
    EXPECT_EQ(gate.enter(clock.monotonic()).answer, Enter::enter)
        << "what was not used is there for the next";
}

TEST(OperationGate, PausesLongerWithEachRefusalThatNamesNoTime) {
    testing::JumpingClock clock;
    Waits waits(clock);
    OperationGate gate(narrow, clock, waits);
    const std::int64_t least[] = {1000, 1000, 2000, 4000, 8000, 16'000, 30'000, 30'000};
    for (const auto milliseconds : least) {
        EXPECT_EQ(gate.own_pause(0), Milliseconds(milliseconds));
        EXPECT_LE(gate.own_pause(~std::uint64_t{0}), Milliseconds(60'000));
        gate.refused(gate.own_pause(0));
    }
    gate.accepted();
    EXPECT_EQ(gate.own_pause(0), Milliseconds(1000));
}

// Method: eight threads pass a gate for four, each waiting inside until the test lets one go. The clock
// stands still, so whoever comes in later was woken by somebody who left.
TEST(OperationGate, WakesWhoWaitsWhenSomebodyLeaves) {
    darkroom::testing::ManualClock clock;
    Waits waits(clock);
    OperationGate gate(narrow, clock, waits);
    std::counting_semaphore<> go(0);
    std::counting_semaphore<> came(0);
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            if (gate.enter(clock.monotonic() + std::chrono::hours(1)).answer != Enter::enter) return;
            const int now_inside = ++inside;
            int seen = most;
            while (seen < now_inside && !most.compare_exchange_weak(seen, now_inside)) {
            }
            came.release();
            go.acquire();
            --inside;
            gate.leave();
        });
    }
    for (int i = 0; i < 8; ++i) {
        ASSERT_TRUE(came.try_acquire_for(std::chrono::seconds(20))) << i;
        go.release();
    }
    for (auto& thread : threads) thread.join();
    EXPECT_LE(most, 4);
    EXPECT_EQ(inside, 0);
}

TEST(OperationGate, LetsNobodyWaitOnceItIsStopped) {
    darkroom::testing::ManualClock clock;
    Waits waits(clock);
    OperationGate gate(narrow, clock, waits);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(gate.enter(clock.monotonic()).answer, Enter::enter);
    std::promise<Enter> answer;
    auto ended = answer.get_future();
    std::thread waiting(
        [&] { answer.set_value(gate.enter(clock.monotonic() + std::chrono::hours(1)).answer); });
    waits.stop();
    const bool in_time = ended.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    EXPECT_TRUE(in_time);
    if (!in_time) clock.advance(std::chrono::hours(2));
    waiting.join();
    EXPECT_EQ(ended.get(), Enter::stopped);
    EXPECT_EQ(gate.enter(clock.monotonic()).answer, Enter::stopped);
}

}  // namespace
}  // namespace darkroom::runpod
