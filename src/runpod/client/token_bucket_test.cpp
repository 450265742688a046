#include "runpod/client/token_bucket.h"

#include <gtest/gtest.h>

#include <deque>

#include "runpod/client/circuit_breaker.h"
#include "runpod/client/operation.h"

namespace darkroom::runpod {
namespace {

const Instant start{};

// Method: take as fast as the bucket lets, for a simulated minute, and count every window of ten seconds.
TEST(TokenBucket, NeverGivesMoreInTenSecondsThanItsShareOfTheLimit) {
    for (const auto& operation : operations) {
        SCOPED_TRACE(operation.name);
        const double allowed = operation.per_10s_max * share_of_limit;
        TokenBucket bucket(allowed, start);
        std::deque<Instant> window;
        Instant now = start;
        std::size_t most = 0;
        std::size_t total = 0;
        while (now < start + std::chrono::seconds(60)) {
            if (const auto wait = bucket.take(now); wait > Milliseconds(0)) {
                now += wait;
                continue;
            }
            ++total;
            window.push_back(now);
            while (window.front() <= now - std::chrono::seconds(10)) window.pop_front();
            most = std::max(most, window.size());
        }
        EXPECT_LE(static_cast<double>(most), std::max(1.0, allowed));
        EXPECT_GE(static_cast<double>(total), 6 * allowed * 0.4) << "and not much less either";
    }
}

TEST(TokenBucket, SlowsDownWhenRefusedAndRecovers) {
    TokenBucket bucket(800, start);
    const auto full = bucket.per_second();
    EXPECT_NEAR(full, 70, 0.1);
    bucket.refused(start, Milliseconds(3000));
    EXPECT_NEAR(bucket.per_second(), full / 2, 0.1);
    EXPECT_EQ(bucket.take(start), Milliseconds(3000));
    EXPECT_EQ(bucket.take(start + Milliseconds(2999)), Milliseconds(1));
    const auto after = start + Milliseconds(3000);
    EXPECT_EQ(bucket.take(after), Milliseconds(0)) << "one goes first";
    EXPECT_GT(bucket.take(after), Milliseconds(0)) << "and the burst does not follow";
    for (int i = 0; i < 1000; ++i) bucket.refused(after, Milliseconds(1));
    EXPECT_NEAR(bucket.per_second(), 0.1, 0.001) << "never slower than one in ten seconds";
    for (int i = 0; i < 101; ++i) bucket.accepted();
    EXPECT_NEAR(bucket.per_second(), full, 0.1);
}

TEST(TokenBucket, TakesBackWhatWasNotUsed) {
    TokenBucket bucket(1.6, start);
    EXPECT_EQ(bucket.take(start), Milliseconds(0));
    EXPECT_GT(bucket.take(start), Milliseconds(0));
    bucket.give_back();
    EXPECT_EQ(bucket.take(start), Milliseconds(0));
    bucket.give_back();
    bucket.give_back();
    EXPECT_EQ(bucket.take(start), Milliseconds(0));
    EXPECT_GT(bucket.take(start), Milliseconds(0)) << "never more than a burst";
    EXPECT_GT(bucket.take(start - std::chrono::hours(1)), Milliseconds(0))
        << "time that went back gives nothing";
}

TEST(CircuitBreaker, OpensAfterFiveFailuresInARow) {
    CircuitBreaker breaker;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 4; ++i) breaker.failed(start, 0);
        EXPECT_FALSE(breaker.refuses(start));
        breaker.answered();
    }
    for (int i = 0; i < 5; ++i) breaker.failed(start, 0);
    EXPECT_TRUE(breaker.is_open());
    EXPECT_EQ(breaker.refuses(start), Milliseconds(500));
    EXPECT_EQ(breaker.refuses(start + Milliseconds(499)), Milliseconds(1));
}

TEST(CircuitBreaker, LetsOneProbeGoFirst) {
    CircuitBreaker breaker;
    for (int i = 0; i < 5; ++i) breaker.failed(start, 0);
    const auto later = start + Milliseconds(500);
    EXPECT_FALSE(breaker.refuses(later)) << "the probe";
    EXPECT_TRUE(breaker.refuses(later)) << "everybody else waits for it";
    breaker.dropped();
    EXPECT_FALSE(breaker.refuses(later)) << "a probe that was not made leaves its place";
    breaker.answered();
    EXPECT_FALSE(breaker.is_open());
    EXPECT_FALSE(breaker.refuses(later));
    EXPECT_FALSE(breaker.refuses(later));
}

TEST(CircuitBreaker, RestsLongerWithEachFailedProbeAndAtMostAMinute) {
    CircuitBreaker breaker;
    Instant now = start;
    for (int i = 0; i < 5; ++i) breaker.failed(now, 0);
    const std::int64_t rests[] = {500, 1000, 2000, 4000, 8000, 16'000, 30'000, 30'000, 30'000};
    for (const auto rest : rests) {
        EXPECT_EQ(breaker.refuses(now), Milliseconds(rest));
        breaker.failed(now, 0);
        EXPECT_EQ(breaker.refuses(now), Milliseconds(rest))
            << "a late failure of an older request is no news";
        now += Milliseconds(rest);
        ASSERT_FALSE(breaker.refuses(now));
        breaker.failed(now, 0);
    }
    breaker.answered();
    for (int i = 0; i < 5; ++i) breaker.failed(now, ~std::uint64_t{0});
    EXPECT_LE(*breaker.refuses(now), Milliseconds(1000));
    EXPECT_GE(*breaker.refuses(now), Milliseconds(500));
}

}  // namespace
}  // namespace darkroom::runpod
