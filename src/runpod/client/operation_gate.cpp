#include "runpod/client/operation_gate.h"

#include <algorithm>

namespace darkroom::runpod {
namespace {

constexpr Milliseconds first_pause{1'000};
constexpr Milliseconds longest_pause{60'000};
constexpr Milliseconds never{-1};  // no time is known: somebody has to leave first

int share_of(int limit) { return std::max(1, static_cast<int>(limit * share_of_limit)); }

}  // namespace

OperationGate::OperationGate(const OperationTraits& operation, const ports::Clock& clock, Waits& waits)
    : clock_(clock),
      waits_(waits),
      concurrent_max_(share_of(operation.concurrent_max)),
      bucket_(operation.per_10s_max * share_of_limit, clock.monotonic()) {}

Milliseconds OperationGate::try_enter(Instant now) {
    const std::lock_guard lock(mutex_);
    if (inside_ >= concurrent_max_) return never;
    const auto wait = bucket_.take(now);
    if (wait == Milliseconds(0)) ++inside_;
    return wait;
}

OperationGate::Admission OperationGate::enter(Instant deadline) {
    if (waits_.stopped()) return {Answer::stopped};
    if (try_enter(clock_.monotonic()) == Milliseconds(0)) return {Answer::enter};
    Waits::Seat seat(waits_);
    while (true) {
        if (waits_.stopped()) return {Answer::stopped};
        const Instant now = clock_.monotonic();
        const auto wait = try_enter(now);
        if (wait == Milliseconds(0)) return {Answer::enter};
        if (now >= deadline || (wait != never && now + wait > deadline))
            return {Answer::not_in_time, wait == never ? first_pause : wait};
        seat.wait_until(wait == never ? deadline : now + wait);
    }
}

void OperationGate::leave() {
    {
        const std::lock_guard lock(mutex_);
        --inside_;
    }
    waits_.wake_all();
}

void OperationGate::leave_unused() {
    {
        const std::lock_guard lock(mutex_);
        bucket_.give_back();
    }
    leave();
}

void OperationGate::refused(Milliseconds pause) {
    const Instant now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    ++refusals_;
    bucket_.refused(now, pause);
}

void OperationGate::accepted() {
    const std::lock_guard lock(mutex_);
    refusals_ = 0;
    bucket_.accepted();
}

Milliseconds OperationGate::own_pause(std::uint64_t dice) const {
    const std::lock_guard lock(mutex_);
    const auto full = std::min(longest_pause, first_pause * (std::int64_t{1} << std::min(refusals_, 10)));
    const auto half = full / 2;
    return std::max(first_pause, half + Milliseconds(dice % static_cast<std::uint64_t>(half.count() + 1)));
}

Milliseconds OperationGate::paused_for() const {
    const Instant now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    return bucket_.paused_for(now);
}

double OperationGate::per_second() const {
    const std::lock_guard lock(mutex_);
    return bucket_.per_second();
}

}  // namespace darkroom::runpod
