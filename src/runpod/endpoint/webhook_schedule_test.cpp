#include "runpod/endpoint/webhook_schedule.h"

#include <gtest/gtest.h>

namespace darkroom::runpod::endpoint {
namespace {

constexpr Instant start{std::chrono::hours(1)};
Instant at(std::int64_t ms) { return start + Milliseconds(ms); }

Webhook webhook(std::string job) {
    return {std::move(job), "http://127.0.0.1:1/", std::make_shared<const std::string>("{}"), "", 0};
}

TEST(WebhookSchedule, ThreeTriesWithinTwentySecondsThenNoMore) {
    WebhookSchedule schedule(1);
    schedule.add(webhook("a"), at(0));
    std::vector<std::int64_t> tries;
    for (std::int64_t ms = 0; ms <= 60'000; ms += 500) {
        if (auto due = schedule.take_due(at(ms))) {
            tries.push_back(ms);
            (void)schedule.failed(*due, at(ms));
        }
    }
    EXPECT_EQ(tries, std::vector<std::int64_t>({0, 5'000, 20'000}));
    EXPECT_EQ(schedule.waiting(), 0u);
    EXPECT_EQ(schedule.next_due(), std::nullopt);
}

TEST(WebhookSchedule, TimeCanPassFaster) {
    WebhookSchedule schedule(10);
    schedule.add(webhook("a"), at(0));
    EXPECT_TRUE(schedule.failed(*schedule.take_due(at(0)), at(0)));
    EXPECT_EQ(schedule.next_due(), at(500));
    EXPECT_TRUE(schedule.failed(*schedule.take_due(at(500)), at(500)));
    EXPECT_EQ(schedule.next_due(), at(2'000));
    EXPECT_FALSE(schedule.failed(*schedule.take_due(at(2'000)), at(2'000)));
}

TEST(WebhookSchedule, GoesByTimeNotByOrder) {
    WebhookSchedule schedule(1);
    schedule.add(webhook("late"), at(100));
    schedule.add(webhook("soon"), at(50));
    EXPECT_FALSE(schedule.take_due(at(49)));
    EXPECT_EQ(schedule.take_due(at(200))->job, "soon");
    EXPECT_EQ(schedule.take_due(at(200))->job, "late");
    EXPECT_FALSE(schedule.take_due(at(200)));
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
