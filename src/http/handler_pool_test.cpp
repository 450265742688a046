#include "http/handler_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <memory>
#include <mutex>
#include <set>

#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

TEST(HandlerPool, RunsAsManyBlockingTasksAtOnceAsItHasThreads) {
    constexpr int threads = 16;
    HandlerPool pool("test", threads, 262'144);
    for (int round = 0; round < 20; ++round) {
        // Passes only if all of them run at the same time. Shared, because the last to leave still reads it.
        const auto meeting = std::make_shared<std::barrier<>>(threads + 1);
        for (int i = 0; i < threads; ++i) pool.submit([meeting] { meeting->arrive_and_wait(); });
        meeting->arrive_and_wait();
    }
}

TEST(HandlerPool, StartsAThreadOnlyWhereThereIsWorkForIt) {
    std::mutex mutex;
    std::set<pthread_t> threads;
    HandlerPool pool("test", 64, 262'144);
    for (int i = 0; i < 200; ++i) {
        testing::Signal ran;
        pool.submit([&] {
            const std::lock_guard lock(mutex);
            threads.insert(pthread_self());
            ran.raise();
        });
        ASSERT_TRUE(ran.wait());
    }
    // The one before may still be on its way back to wait when the next task comes.
    const std::lock_guard lock(mutex);
    EXPECT_LE(threads.size(), 8U);
}

TEST(HandlerPool, LosesNoTaskHoweverManyThreadsSubmit) {
    constexpr int submitters = 4;
    constexpr int each = 5'000;
    std::atomic<int> ran{0};
    testing::Signal all_ran;
    HandlerPool pool("test", 8, 262'144);
    HandlerPool submitting("submit", submitters, 262'144);
    for (int s = 0; s < submitters; ++s) {
        submitting.submit([&] {
            for (int i = 0; i < each; ++i) {
                pool.submit([&] {
                    if (++ran == submitters * each) all_ran.raise();
                });
            }
        });
    }
    EXPECT_TRUE(all_ran.wait());
}

TEST(HandlerPool, StoppingWaitsForTheRunningAndDropsTheQueued) {
    testing::Signal begun;
    testing::Signal go_on;
    std::atomic<int> finished{0};
    HandlerPool pool("test", 1, 262'144);
    pool.submit([&] {
        begun.raise();
        go_on.wait();
        ++finished;
    });
    ASSERT_TRUE(begun.wait());
    const auto owned = std::make_shared<int>(1);
    pool.submit([&, owned] { ++finished; });
    go_on.raise();
    pool.stop();
    pool.submit([&, owned] { ++finished; });
    EXPECT_LE(finished, 2);
    EXPECT_GE(finished, 1);
    EXPECT_EQ(owned.use_count(), 1) << "a dropped task must let go of what it holds";
}

TEST(HandlerPool, NamesItsThreads) {
    std::array<char, 16> name{};
    testing::Signal named;
    HandlerPool pool("http-handler", 1, 262'144);
    pool.submit([&] {
        pthread_getname_np(pthread_self(), name.data(), name.size());
        named.raise();
    });
    ASSERT_TRUE(named.wait());
    EXPECT_STREQ(name.data(), "http-handler");
}

}  // namespace
}  // namespace darkroom::http
