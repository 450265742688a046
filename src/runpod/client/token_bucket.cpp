#include "runpod/client/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace darkroom::runpod {
namespace {

constexpr double burst_share = 0.125;       // of what ten seconds may have
constexpr double slowest_per_second = 0.1;  // somebody else may be eating the limit, but not for ever
constexpr double recovery = 0.01;           // of the full rate, for each success

double seconds_between(Instant from, Instant to) { return std::chrono::duration<double>(to - from).count(); }

Milliseconds round_up(double seconds) {
    return Milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

}  // namespace

TokenBucket::TokenBucket(double per_10s, Instant now)
    : burst_(std::max(1.0, per_10s * burst_share)),
      per_second_(std::max((per_10s - burst_) / 10, per_10s * 0.03)),
      tokens_(burst_),
      filled_at_(now),
      paused_until_(now) {}

void TokenBucket::refill(Instant now) {
    if (now <= filled_at_) return;  // threads may come with times out of order
    tokens_ = std::min(burst_, tokens_ + seconds_between(filled_at_, now) * per_second());
    filled_at_ = now;
}

Milliseconds TokenBucket::take(Instant now) {
    if (const auto pause = paused_for(now); pause > Milliseconds(0)) return pause;
    refill(now);
    if (tokens_ >= 1) {
        tokens_ -= 1;
        return Milliseconds(0);
    }
    return std::max(Milliseconds(1), round_up((1 - tokens_) / per_second()));
}

void TokenBucket::give_back() { tokens_ = std::min(burst_, tokens_ + 1); }

void TokenBucket::refused(Instant now, Milliseconds pause) {
    share_ = std::min(1.0, std::max(share_ / 2, slowest_per_second / per_second_));
    paused_until_ = std::max(paused_until_, now + pause);
    // One comes first after the pause, not all that were saved up meanwhile.
    tokens_ = std::min(tokens_, 1.0);
    filled_at_ = std::max(filled_at_, paused_until_);
}

Milliseconds TokenBucket::paused_for(Instant now) const {
    return now < paused_until_ ? round_up(seconds_between(now, paused_until_)) : Milliseconds(0);
}

void TokenBucket::accepted() { share_ = std::min(1.0, share_ + recovery); }

}  // namespace darkroom::runpod
