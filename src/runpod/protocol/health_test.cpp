#include "runpod/protocol/health.h"

#include <gtest/gtest.h>

namespace darkroom::runpod {
namespace {

TEST(Health, IsReadBackAsItWasWritten) {
    const std::string text =
        R"({"jobs":{"completed":31,"failed":1,"inProgress":1,"inQueue":4,"retried":1},)"
        R"("workers":{"idle":1,"initializing":1,"ready":1,"running":1,"throttled":0,"unhealthy":2}})";
    const auto health = parse_health(text);
    ASSERT_TRUE(health.ok()) << health.error().detail;
    EXPECT_EQ(health->jobs.completed, 31);
    EXPECT_EQ(health->jobs.in_queue, 4);
    EXPECT_EQ(health->workers.unhealthy, 2);
    EXPECT_EQ(write_health(*health), text);
}

TEST(Health, TakesEveryFieldAsOptional) {
    for (const std::string_view text : {"{}", R"({"jobs":null,"workers":[]})",
                                        R"({"jobs":{"inQueue":"4"},"workers":{"idle":-1,"ready":1.5}})",
                                        R"({"workers":{"idle":1e300,"new":5}})"}) {
        SCOPED_TRACE(text);
        const auto health = parse_health(text);
        ASSERT_TRUE(health.ok()) << health.error().detail;
        EXPECT_EQ(health->jobs.in_queue, 0);
        EXPECT_EQ(health->workers.idle, 0);
        EXPECT_EQ(health->workers.ready, 0);
    }
    for (const std::string_view text : {"", "[]", "<html>", "{\"jobs\":", "5"})
        EXPECT_FALSE(parse_health(text).ok());
    EXPECT_FALSE(parse_health("{\"x\":\"" + std::string(100'000, 'x') + "\"}").ok());
}

TEST(Health, IsExplained) {
    struct Case {
        JobCounts jobs;
        WorkerCounts workers;
        int waiting_s;
        HealthVerdict verdict;
    };
    //                 completed failed progress queue retried    idle init ready running throttled unhealthy
    for (const auto& one : {Case{{9, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}, 0, HealthVerdict::fine},
                            Case{{9, 0, 1, 3, 0}, {0, 0, 1, 1, 0, 0}, 500, HealthVerdict::fine},
                            Case{{0, 0, 0, 3, 0}, {0, 0, 0, 0, 0, 2}, 0, HealthVerdict::crash_loop},
                            Case{{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 2}, 0, HealthVerdict::crash_loop},
                            Case{{0, 0, 0, 3, 0}, {0, 0, 0, 0, 0, 0}, 0, HealthVerdict::no_workers},
                            Case{{0, 0, 0, 3, 0}, {0, 0, 0, 0, 2, 0}, 0, HealthVerdict::no_capacity},
                            Case{{0, 0, 1, 3, 0}, {0, 0, 0, 1, 2, 0}, 0, HealthVerdict::fine},
                            Case{{0, 0, 0, 3, 0}, {0, 1, 0, 0, 0, 0}, 900, HealthVerdict::cold_start},
                            Case{{0, 0, 0, 3, 0}, {0, 0, 1, 0, 0, 0}, 119, HealthVerdict::fine},
                            Case{{0, 0, 0, 3, 0}, {0, 0, 1, 0, 0, 0}, 120, HealthVerdict::broken_image}}) {
        const auto diagnosis = diagnose({one.jobs, one.workers}, std::chrono::seconds(one.waiting_s));
        EXPECT_EQ(diagnosis.verdict, one.verdict) << diagnosis.sentence;
        EXPECT_FALSE(diagnosis.sentence.empty());
    }
}

}  // namespace
}  // namespace darkroom::runpod
