// The schedule of retries: bounded, spread, and by class of error.
#include "core/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace darkroom::core {
namespace {

const RetryPolicy policy{};

TEST(Retry, WhatCannotGetBetterIsNotRepeated) {
    EXPECT_FALSE(pause_before_retry(policy, ErrorCode::input_unreadable, {.counted = 1}, 0));
}

TEST(Retry, BadLuckIsTriedOnceMore) {
    EXPECT_TRUE(pause_before_retry(policy, ErrorCode::timeout, {.counted = 1, .same_code = 1}, 5));
    EXPECT_FALSE(pause_before_retry(policy, ErrorCode::timeout, {.counted = 2, .same_code = 2}, 5));
    EXPECT_TRUE(pause_before_retry(policy, ErrorCode::timeout, {.counted = 2, .same_code = 1}, 5));
}

TEST(Retry, TheLastAttemptIsTheLast) {
    EXPECT_TRUE(
        pause_before_retry(policy, ErrorCode::storage_unavailable, {.counted = 2, .same_code = 2}, 5));
    EXPECT_FALSE(
        pause_before_retry(policy, ErrorCode::storage_unavailable, {.counted = 3, .same_code = 3}, 5));
}

TEST(Retry, AnInterruptionCostsNoAttemptButIsNotRepeatedForEver) {
    EXPECT_EQ(pause_before_retry(policy, ErrorCode::interrupted, {.counted = 2, .interrupted = 5}, 9),
              Milliseconds(0));
    EXPECT_FALSE(
        pause_before_retry(policy, ErrorCode::interrupted, {.interrupted = policy.interruptions_max}, 9));
}

TEST(Retry, PausesAreSpreadEvenlyBelowADoublingCeiling) {
    RetryPolicy patient{.attempts_max = 1'000};
    std::mt19937_64 random(7);
    for (int counted = 1; counted < 70; ++counted) {
        const auto ceiling =
            std::min<std::int64_t>(counted > 20 ? 600'000 : 2'000LL << (counted - 1), 600'000);
        std::int64_t largest = 0;
        double sum = 0;
        for (int i = 0; i < 400; ++i) {
            const auto pause =
                pause_before_retry(patient, ErrorCode::storage_unavailable, {.counted = counted}, random());
            ASSERT_TRUE(pause);
            ASSERT_GE(pause->count(), 0);
            ASSERT_LE(pause->count(), ceiling);
            largest = std::max(largest, pause->count());
            sum += static_cast<double>(pause->count());
        }
        EXPECT_GT(largest, ceiling * 9 / 10) << counted;
        EXPECT_NEAR(sum / 400, static_cast<double>(ceiling) / 2, static_cast<double>(ceiling) * 0.1)
            << counted;
    }
}

}  // namespace
}  // namespace darkroom::core
