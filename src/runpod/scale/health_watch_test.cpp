#include "runpod/scale/health_watch.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace darkroom::runpod::scale {
namespace {

using darkroom::testing::ManualClock;

EndpointHealth waits(std::int64_t in_queue = 1) {
    EndpointHealth health;
    health.jobs.in_queue = in_queue;
    return health;
}

TEST(WaitingFor, SaysWhyAJobHasNotBegun) {
    struct Case {
        std::string name;
        WorkerCounts workers;
        std::optional<int> workers_max;
        int without_s;
        std::string_view reason;
    };
    for (const auto& one : {
             Case{"right after a submit", {}, 3, 0, "cold_start"},
             Case{"right after a submit, nothing known", {}, std::nullopt, 119, "cold_start"},
             Case{"nobody comes", {}, 3, 120, "workers"},
             Case{"nobody may come", {}, 0, 0, "workers"},
             Case{"nobody may come, others are on their way out", {.initializing = 1}, 0, 0, "workers"},
             Case{"one starts", {.initializing = 1}, 3, 500, "cold_start"},
             Case{"one starts, no machine for others",
                  {.initializing = 1, .throttled = 2},
                  3,
                  0,
                  "cold_start"},
             Case{"no machine", {.throttled = 2}, 3, 0, "capacity"},
             Case{"they crash", {.unhealthy = 1}, 3, 0, "workers"},
             Case{"they crash and start", {.initializing = 1, .unhealthy = 1}, 3, 0, "workers"},
             Case{"busy", {.running = 2}, 3, 0, "queue"},
             Case{"busy, no machine for others", {.running = 2, .throttled = 1}, 3, 0, "queue"},
             Case{"busy to the end", {.running = 2}, 0, 0, "queue"},
             Case{"about to take it", {.idle = 1, .ready = 1}, 3, 0, "queue"},
         }) {
        auto health = waits();
        health.workers = one.workers;
        EXPECT_EQ(name_of(waiting_for(health, one.workers_max, std::chrono::seconds(one.without_s))),
                  one.reason)
            << one.name;
    }
}

class HealthWatchTest : public ::testing::Test {
protected:
    HealthWatch watch_{"eu",
                       [this] {
                           ++asked_;
                           return answer_;
                       },
                       clock_};
    ManualClock clock_;
    int asked_ = 0;
    Result<EndpointHealth, CallError> answer_{waits()};
};

TEST_F(HealthWatchTest, AsksOnlyWhenAskedAndAtMostEveryTenSeconds) {
    EXPECT_EQ(asked_, 0);
    EXPECT_EQ(watch_.sentence(), "");
    for (int second = 0; second < 60; ++second) {
        EXPECT_TRUE(watch_.look());
        EXPECT_EQ(watch_.waiting_for(), "cold_start");
        clock_.advance(Milliseconds(1'000));
    }
    EXPECT_EQ(asked_, 6);
}

TEST_F(HealthWatchTest, TellsAColdStartFromAnEndpointWhereNobodyComes) {
    for (int second = 0; second < 120; second += 10) {
        EXPECT_EQ(watch_.waiting_for(), "cold_start") << second;
        clock_.advance(Milliseconds(10'000));
    }
    EXPECT_EQ(watch_.waiting_for(), "workers");
    watch_.set_workers_max(3);
    EXPECT_EQ(watch_.waiting_for(), "workers");
    // The queue was empty for a moment: the next job's wait is a new one.
    answer_ = waits(0);
    clock_.advance(Milliseconds(10'000));
    (void)watch_.look();
    answer_ = waits();
    clock_.advance(Milliseconds(10'000));
    EXPECT_EQ(watch_.waiting_for(), "cold_start");
    watch_.set_workers_max(0);
    EXPECT_EQ(watch_.waiting_for(), "workers");
    EXPECT_NE(watch_.sentence().find("max workers is 0"), std::string::npos);
}

TEST_F(HealthWatchTest, DoesNotCountTheTimeWhenNobodyLooked) {
    EXPECT_EQ(watch_.waiting_for(), "cold_start");
    clock_.advance(Milliseconds(3'600'000));
    EXPECT_EQ(watch_.waiting_for(), "cold_start") << "an hour later another job waits";
}

TEST_F(HealthWatchTest, SeesWorkersThatTakeNothing) {
    answer_->workers.ready = 2;
    for (int second = 0; second < 120; second += 10) {
        (void)watch_.look();
        EXPECT_EQ(watch_.sentence(), "jobs wait their turn");
        clock_.advance(Milliseconds(10'000));
    }
    (void)watch_.look();
    EXPECT_NE(watch_.sentence().find("take no job"), std::string::npos) << watch_.sentence();
    answer_->jobs.completed = 1;
    clock_.advance(Milliseconds(10'000));
    (void)watch_.look();
    EXPECT_EQ(watch_.sentence(), "jobs wait their turn") << "one was taken after all";
}

TEST_F(HealthWatchTest, SaysOnceThatItIsNotAnsweredAndAsksEverLater) {
    answer_ = Fail(CallError{CallErrorKind::unavailable, "nobody there"});
    ::testing::internal::CaptureStderr();
    for (int second = 0; second < 600; ++second) {
        EXPECT_FALSE(watch_.look());
        EXPECT_EQ(watch_.waiting_for(), "");
        clock_.advance(Milliseconds(1'000));
    }
    const auto log = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(log.find("nobody there"), log.rfind("nobody there")) << log;
    EXPECT_NE(log.find("nobody there"), std::string::npos);
    EXPECT_EQ(asked_, 8) << "at 0, 10, 30, 70, 150, 270, 390, 510 s";
}

TEST_F(HealthWatchTest, BelievesAnOldAnswerForAWhile) {
    (void)watch_.look();
    answer_ = Fail(CallError{CallErrorKind::unavailable, "nobody there"});
    clock_.advance(Milliseconds(180'000));
    EXPECT_TRUE(watch_.look());
    clock_.advance(Milliseconds(1));
    EXPECT_FALSE(watch_.look());
}

TEST_F(HealthWatchTest, LetsOthersGoOnWhileOneAsks) {
    bool was_asked_within = false;
    HealthWatch watch(
        "eu",
        [&]() -> Result<EndpointHealth, CallError> {
            was_asked_within = true;
            EXPECT_FALSE(watch.look()) << "nothing is known yet, and nobody waits";
            return waits(3);
        },
        clock_);
    EXPECT_EQ(watch.look()->jobs.in_queue, 3);
    EXPECT_TRUE(was_asked_within);
}

}  // namespace
}  // namespace darkroom::runpod::scale
