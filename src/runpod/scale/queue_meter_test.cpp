#include "runpod/scale/queue_meter.h"

#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <random>

namespace darkroom::runpod::scale {
namespace {

constexpr Instant start{std::chrono::hours(1)};

Instant at(std::int64_t seconds) { return start + std::chrono::seconds(seconds); }

EndpointHealth health(std::int64_t in_queue, std::int64_t in_progress, std::int64_t completed) {
    EndpointHealth found;
    found.jobs.in_queue = in_queue;
    found.jobs.in_progress = in_progress;
    found.jobs.completed = completed;
    return found;
}

TEST(QueueMeter, CountsWhatWaitsHereAndThereOnce) {
    QueueMeter meter;
    EXPECT_EQ(meter.see(at(0), {5, 3}, std::nullopt).waiting, 8);
    const auto view = meter.see(at(1), {5, 4}, health(3, 1, 10));
    EXPECT_EQ(view.waiting, 5 + 3);
    EXPECT_EQ(view.running, 1);
    // Sent a moment ago and not in RunPod's figures yet.
    EXPECT_EQ(meter.see(at(2), {0, 6}, health(0, 1, 10)).waiting, 5);
    // Another client's jobs wait there too.
    EXPECT_EQ(meter.see(at(3), {0, 0}, health(7, 2, 10)).waiting, 7);
    EXPECT_EQ(meter.see(at(4), {0, 0}, health(0, 2, 10)).waiting, 0);
}

TEST(QueueMeter, TakesAllThatWasSentForAtWorkWhileNobodyTells) {
    QueueMeter meter;
    EXPECT_EQ(meter.see(at(0), {5, 3}, std::nullopt).at_work_max, 3);
    EXPECT_EQ(meter.see(at(1), {5, 3}, health(2, 1, 0)).at_work_max, 1);
    EXPECT_EQ(meter.see(at(2), {5, 0}, std::nullopt).at_work_max, 0);
}

TEST(QueueMeter, KnowsNoTimesBeforeJobsEnd) {
    QueueMeter meter;
    EXPECT_FALSE(meter.see(at(0), {1, 0}, health(0, 0, 100)).execution);
    const auto view = meter.see(at(10), {1, 0}, health(0, 1, 100));
    EXPECT_FALSE(view.execution);
    EXPECT_EQ(view.ended_per_minute, 0);
}

TEST(QueueMeter, LearnsHowLongAJobTakesFromWhatIsBusyAndWhatEnds) {
    QueueMeter meter;
    QueueView view;
    // Four workers, each job 8 s: 5 end in 10 s.
    for (std::int64_t round = 0; round <= 12; ++round)
        view = meter.see(at(round * 10), {20, 4}, health(0, 4, 1'000 + round * 5));
    EXPECT_EQ(view.ended_per_minute, 30);
    EXPECT_EQ(view.execution, Milliseconds(8'000));
}

TEST(QueueMeter, ForgetsWhatIsLongAgo) {
    QueueMeter meter;
    for (std::int64_t round = 0; round < 60; ++round)
        (void)meter.see(at(round * 10), {1, 1}, health(0, 1, round));
    QueueView view;
    for (std::int64_t round = 60; round < 100; ++round)
        view = meter.see(at(round * 10), {1, 1}, health(0, 1, 60 + (round - 60) / 4));
    EXPECT_EQ(view.execution, Milliseconds(300'000 / 7)) << "7 have ended in the last 300 s";
}

TEST(QueueMeter, BeginsAnewWhenCountersGoBack) {
    QueueMeter meter;
    (void)meter.see(at(0), {0, 9}, health(5, 4, 1'000));
    (void)meter.see(at(60), {0, 9}, health(5, 4, 1'030));
    const auto view = meter.see(at(61), {0, 3}, health(2, 1, 0));
    EXPECT_FALSE(view.execution);
    EXPECT_EQ(view.oldest_wait, Milliseconds(0));
    EXPECT_EQ(meter.see(at(71), {0, 3}, health(2, 1, 0)).oldest_wait, Milliseconds(10'000));
}

TEST(QueueMeter, IsNotUpsetByAbsurdCounts) {
    QueueMeter meter;
    const auto most = std::numeric_limits<std::int64_t>::max();
    for (int second = 0; second < 5; ++second) {
        auto absurd = health(most, most, second % 2 == 0 ? most : 0);
        absurd.jobs.failed = most;
        const auto view = meter.see(at(second), {most, most}, absurd);
        EXPECT_GT(view.waiting, 0);
        EXPECT_GE(view.oldest_wait, Milliseconds(0));
    }
}

TEST(QueueMeter, TellsNoAgeOfAnEmptyQueue) {
    QueueMeter meter;
    (void)meter.see(at(0), {1, 0}, health(0, 0, 0));
    (void)meter.see(at(50), {0, 0}, health(0, 1, 0));
    EXPECT_EQ(meter.see(at(60), {1, 0}, health(0, 1, 0)).oldest_wait, Milliseconds(0));
    EXPECT_EQ(meter.see(at(65), {1, 0}, health(0, 1, 0)).oldest_wait, Milliseconds(5'000));
}

// Method: a queue whose ages are known, looked at after every second; jobs come, begin in order, end, and
// the youngest may be withdrawn.
TEST(QueueMeter, KnowsTheAgeOfTheOldestWithoutAskingAnyJob) {
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        QueueMeter meter;
        std::deque<int> waiting;  // when each came
        std::int64_t running = 0;
        std::int64_t completed = 500;
        for (int second = 0; second < 400; ++second) {
            for (auto come = random() % 3; come > 0; --come) waiting.push_back(second);
            for (auto begin = random() % 3; begin > 0 && !waiting.empty(); --begin) {
                waiting.pop_front();
                ++running;
            }
            for (auto end = random() % 3; end > 0 && running > 0; --end) {
                --running;
                ++completed;
            }
            if (random() % 20 == 0 && !waiting.empty()) waiting.pop_back();
            const auto view = meter.see(at(second), {static_cast<std::int64_t>(waiting.size()), running},
                                        health(0, running, completed));
            const auto age = waiting.empty() ? 0 : second - waiting.front();
            // One that was withdrawn and one that came in the same second look like none.
            ASSERT_NEAR(static_cast<double>(view.oldest_wait.count()) / 1'000, age, 12) << second;
            if (waiting.empty()) {
                ASSERT_EQ(view.oldest_wait.count(), 0);
            }
        }
    }
}

}  // namespace
}  // namespace darkroom::runpod::scale
