// The daily cap: when it is reached, how often the store is asked, and what happens at midnight UTC.
#include "dispatch/spend_cap.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/unused_remote_job_store.h"

namespace darkroom::dispatch {
namespace {

class Spendings : public darkroom::testing::UnusedRemoteJobStore {
public:
    std::int64_t spent_micro_usd = 0;
    bool answers = true;
    int asked = 0;
    TimePoint asked_of{};

    ports::StoreResult<std::int64_t> spent_today(TimePoint now) override {
        ++asked;
        asked_of = now;
        if (!answers) return Fail(ports::StoreError{ports::StoreErrorKind::unavailable, "as the test says"});
        return spent_micro_usd;
    }
};

class SpendCapTest : public ::testing::Test {
protected:
    darkroom::testing::ManualClock clock_;
    Spendings store_;
    SpendCap cap_{store_, clock_, 5'000'000};
};

TEST_F(SpendCapTest, IsReachedWithTheLastMicroDollarAndSaysSoInDollars) {
    store_.spent_micro_usd = 4'999'999;
    EXPECT_FALSE(cap_.reached());
    EXPECT_FALSE(cap_.trouble());
    store_.spent_micro_usd = 5'000'000;
    clock_.advance(Milliseconds(5'000));
    EXPECT_TRUE(cap_.reached());
    ASSERT_TRUE(cap_.trouble());
    EXPECT_EQ(*cap_.trouble(),
              "The daily spend cap is reached: 5.00 of 5.00 USD were spent today; nothing is sent to paid "
              "endpoints until 00:00 UTC.");
    store_.spent_micro_usd = 1'234'069'999;
    clock_.advance(Milliseconds(5'000));
    EXPECT_TRUE(cap_.reached());
    EXPECT_NE(cap_.trouble()->find("1234.06 of 5.00 USD"), std::string::npos);
}

TEST_F(SpendCapTest, SumsBelowADollarAreToldInFull) {
    SpendCap small(store_, clock_, 100);
    store_.spent_micro_usd = 201;
    EXPECT_TRUE(small.reached());
    ASSERT_TRUE(small.trouble());
    EXPECT_NE(small.trouble()->find("0.000201 of 0.000100 USD"), std::string::npos) << *small.trouble();
    store_.spent_micro_usd = 1'000'000;
    clock_.advance(Milliseconds(5'000));
    EXPECT_TRUE(small.reached());
    EXPECT_NE(small.trouble()->find("1.00 of 0.000100 USD"), std::string::npos) << *small.trouble();
}

TEST_F(SpendCapTest, TheStoreIsAskedAtMostEveryFiveSeconds) {
    for (int i = 0; i < 1'000; ++i) (void)cap_.reached();
    EXPECT_EQ(store_.asked, 1);
    clock_.advance(Milliseconds(4'999));
    (void)cap_.reached();
    EXPECT_EQ(store_.asked, 1);
    clock_.advance(Milliseconds(1));
    (void)cap_.reached();
    EXPECT_EQ(store_.asked, 2);
    EXPECT_EQ(store_.asked_of, clock_.now());
}

// It is 03:04:05 when the clock begins.
TEST_F(SpendCapTest, TheNextUtcDayBeginsWithNothingSpent) {
    store_.spent_micro_usd = 6'000'000;
    EXPECT_TRUE(cap_.reached());
    const Milliseconds to_midnight = std::chrono::hours(20) + std::chrono::minutes(55) + Milliseconds(55'000);
    clock_.advance(to_midnight - Milliseconds(1));
    EXPECT_TRUE(cap_.reached());
    store_.spent_micro_usd = 0;  // as the store answers of the new day
    clock_.advance(Milliseconds(1));
    EXPECT_FALSE(cap_.trouble());
    EXPECT_FALSE(cap_.reached());
}

TEST_F(SpendCapTest, WhileTheStoreCannotSayWhatWasSpentNothingIsSent) {
    store_.answers = false;
    EXPECT_TRUE(cap_.reached());
    EXPECT_FALSE(cap_.trouble());
    store_.answers = true;
    EXPECT_FALSE(cap_.reached());
    store_.answers = false;
    EXPECT_FALSE(cap_.reached());
    clock_.advance(Milliseconds(5'000));
    EXPECT_TRUE(cap_.reached());
}

TEST_F(SpendCapTest, ACapOfNothingLetsNothingThrough) {
    SpendCap none(store_, clock_, 0);
    EXPECT_TRUE(none.reached());
}

}  // namespace
}  // namespace darkroom::dispatch
