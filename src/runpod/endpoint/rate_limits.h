// How many requests of each kind are let in within ten seconds, and how many may be held open. The numbers
// are the platform's documented ones. Pure state, one thread; RateLimits counts, others answer 429.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace darkroom::runpod::endpoint {

/// What a client may ask for. Order is that of the table in rate_limits.cpp.
enum class Operation { run, runsync, status, stream, cancel, retry, purge, health, requests };
constexpr std::size_t operation_count = 9;
std::string_view name_of(Operation operation);

class RateLimits {
public:
    /// `factor` multiplies every limit; 0 switches them off.
    explicit RateLimits(double factor) : factor_(factor) {}

    /// Counts a request; if there were too many, the time until one would pass (and it is not counted).
    std::optional<Milliseconds> refuse(Operation operation, Instant now);
    /// Counts an answer that is held open; false = there are too many already.
    bool hold(Operation operation);
    void let_go(Operation operation);

private:
    static constexpr std::size_t slices = 10;
    struct Window {
        std::int64_t second = 0;  // of the newest slice
        std::array<std::uint32_t, slices> requests{};
        std::uint32_t held = 0;
    };

    double factor_;
    std::array<Window, operation_count> windows_{};
};

}  // namespace darkroom::runpod::endpoint
