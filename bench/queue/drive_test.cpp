// Darkroom's side of the comparison does what the runner believes it does, and says so if it does not.
#include <gtest/gtest.h>

#include "bench/queue/failure.h"
#include "bench/queue/line_child.h"
#include "tests/support/temp_dir.h"

namespace darkroom::bench {
namespace {

constexpr Milliseconds patience{60'000};

class QueueDriver : public ::testing::Test {
protected:
    testing::ChildPlan plan() {
        testing::ChildPlan plan;
        plan.program = DR_BENCH_QUEUE;
        plan.arguments = {"drive", "sqlite"};
        plan.environment = {{"QUEUE_URL", (folder_.path() / "darkroom.db").string()}};
        plan.err_file = folder_.path() / "err";
        return plan;
    }
    boost::json::object ask(const boost::json::object& command) { return driver_.ask(command, patience); }
    std::int64_t left() { return ask({{"op", "left"}}).at("left").to_number<std::int64_t>(); }
    void enqueue(int jobs) { (void)ask({{"op", "enqueue"}, {"jobs", jobs}, {"producers", 7}, {"bulk", 0}}); }

    testing::TempDir folder_;
    LineChild driver_{plan()};
};

TEST_F(QueueDriver, WhatIsEnqueuedIsThereAndWorkedOnToTheLastJob) {
    enqueue(500);
    EXPECT_EQ(left(), 500);
    (void)ask({{"op", "start_worker"}, {"why", "throughput"}});
    (void)ask({{"op", "worked"}, {"jobs", 500}});
    (void)ask({{"op", "stop_worker"}});
    EXPECT_EQ(left(), 0);
}

TEST_F(QueueDriver, TakingAndSettlingLeavesTheQueueAsLongAsItWas) {
    enqueue(300);
    for (int i = 0; i < 3; ++i) {
        EXPECT_GT(ask({{"op", "take"}, {"count", 100}}).at("ms").to_number<double>(), 0);
        (void)ask({{"op", "settle"}});
        EXPECT_EQ(left(), 300);
    }
    (void)ask({{"op", "clear"}});
    EXPECT_EQ(left(), 0);
}

TEST_F(QueueDriver, EveryJobSentAtARateSaysHowLongItWaited) {
    (void)ask({{"op", "start_worker"}, {"why", "latency"}});
    EXPECT_EQ(ask({{"op", "send_at_rate"}, {"rate", 400}, {"seconds", 0.5}}).at("sent"), 200);
    (void)ask({{"op", "worked"}, {"jobs", 200}});
    const auto waited = ask({{"op", "latencies"}});
    EXPECT_EQ(waited.at("count"), 200);
    EXPECT_LE(waited.at("p50_ms").to_number<double>(), waited.at("p99_ms").to_number<double>());
}

TEST_F(QueueDriver, WhatItDoesNotUnderstandIsAnErrorWithItsReason) {
    try {
        (void)ask({{"op", "dance"}});
        FAIL();
    } catch (const CannotMeasure& error) {
        EXPECT_NE(std::string(error.what()).find("no such command: dance"), std::string::npos)
            << error.what();
    }
}

TEST_F(QueueDriver, AProgramThatIsGoneIsSaidWithWhatItLeftBehind) {
    auto broken = plan();
    broken.arguments = {"drive", "papyrus"};
    LineChild driver(broken);
    try {
        (void)driver.ask({{"op", "hello"}}, patience);
        FAIL();
    } catch (const CannotMeasure& error) {
        EXPECT_NE(std::string(error.what()).find("there is no store \"papyrus\""), std::string::npos)
            << error.what();
    }
}

}  // namespace
}  // namespace darkroom::bench
