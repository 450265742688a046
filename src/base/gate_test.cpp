#include "base/gate.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace darkroom {
namespace {

TEST(Gate, LetsEverybodyThroughOnceItIsOpen) {
    Gate gate;
    std::atomic<int> arrived{0};
    std::atomic<int> through{0};
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            ++arrived;
            gate.wait();
            ++through;
        });
    }
    while (arrived < 8) std::this_thread::yield();
    EXPECT_EQ(through, 0);
    gate.open();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(through, 8);
}

TEST(Gate, NobodyWaitsAtAnOpenOne) {
    Gate gate;
    gate.open();
    gate.open();
    gate.wait();
}

}  // namespace
}  // namespace darkroom
