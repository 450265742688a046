// Chance that repeats: the same seed gives the same ids.
#pragma once
#include <mutex>
#include <random>

#include "ports/random.h"

namespace darkroom::testing {

class SeededRandom : public ports::Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<std::uint8_t> bytes) override {
        const std::lock_guard lock(mutex_);
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(engine_());
    }

private:
    std::mutex mutex_;
    std::mt19937_64 engine_;
};

}  // namespace darkroom::testing
