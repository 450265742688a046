#include "runpod/client/circuit_breaker.h"

#include <algorithm>

namespace darkroom::runpod {
namespace {

constexpr Milliseconds while_probing{250};  // for those who wait for the probe's answer

}  // namespace

std::optional<Milliseconds> CircuitBreaker::refuses(Instant now) {
    if (!is_open_) return std::nullopt;
    if (now < open_until_) return std::chrono::ceil<Milliseconds>(open_until_ - now);
    if (probing_) return while_probing;
    probing_ = true;
    return std::nullopt;
}

void CircuitBreaker::answered() { *this = CircuitBreaker(); }

void CircuitBreaker::failed(Instant now, std::uint64_t dice) {
    ++failures_;
    // Requests that were under way when it opened bring no news.
    if (is_open_ && !probing_) return;
    if (!is_open_ && failures_ < failures_max) return;
    const auto full = std::min(longest_pause, first_pause * (std::int64_t{1} << std::min(openings_, 10)));
    const auto half = full / 2;
    // Half of it is chance, so that many gateways do not come back together.
    open_until_ = now + half + Milliseconds(dice % static_cast<std::uint64_t>(half.count() + 1));
    is_open_ = true;
    probing_ = false;
    ++openings_;
}

void CircuitBreaker::dropped() { probing_ = false; }

}  // namespace darkroom::runpod
