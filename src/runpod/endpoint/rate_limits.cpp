#include "runpod/endpoint/rate_limits.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace darkroom::runpod::endpoint {
namespace {

struct Limit {
    std::string_view name;
    double per_ten_seconds;
    double held;
};
// Documented but for retry and health, which get what status has.
constexpr std::array<Limit, operation_count> limits = {{{"run", 1000, 200},
                                                        {"runsync", 2000, 400},
                                                        {"status", 2000, 400},
                                                        {"stream", 2000, 400},
                                                        {"cancel", 100, 20},
                                                        {"retry", 2000, 400},
                                                        {"purge-queue", 2, 2},
                                                        {"health", 2000, 400},
                                                        {"requests", 10, 2}}};

}  // namespace

std::string_view name_of(Operation operation) { return limits[std::size_t(operation)].name; }

std::optional<Milliseconds> RateLimits::refuse(Operation operation, Instant now) {
    if (factor_ <= 0) return std::nullopt;
    auto& window = windows_[std::size_t(operation)];
    const auto since = std::chrono::floor<Milliseconds>(now.time_since_epoch());
    const auto second = since.count() / 1000;
    const auto passed = std::min<std::int64_t>(second - window.second, slices);
    for (std::int64_t i = 0; i < passed; ++i)
        window.requests[std::size_t(window.second + 1 + i) % slices] = 0;
    if (passed == slices) window.requests = {};
    window.second = second;
    const auto count = std::accumulate(window.requests.begin(), window.requests.end(), 0.0);
    if (count + 1 > std::max(1.0, limits[std::size_t(operation)].per_ten_seconds * factor_)) {
        // The oldest slice that holds anything goes first.
        for (std::size_t i = 1; i <= slices; ++i) {
            if (window.requests[(std::size_t(second) + i) % slices] != 0)
                return Milliseconds(std::int64_t(i) * 1000 - since.count() % 1000);
        }
    }
    ++window.requests[std::size_t(second) % slices];
    return std::nullopt;
}

bool RateLimits::hold(Operation operation) {
    auto& window = windows_[std::size_t(operation)];
    const auto most = std::max(1.0, limits[std::size_t(operation)].held * factor_);
    if (factor_ > 0 && window.held + 1 > most) return false;
    ++window.held;
    return true;
}

void RateLimits::let_go(Operation operation) {
    auto& held = windows_[std::size_t(operation)].held;
    DR_CHECK(held > 0);
    --held;
}

}  // namespace darkroom::runpod::endpoint
