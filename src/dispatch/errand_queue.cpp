#include "dispatch/errand_queue.h"

#include <algorithm>

namespace darkroom::dispatch {
namespace {

// Every errand wakes a thread; this is only the net below it.
constexpr Milliseconds look_again{30'000};

}  // namespace

bool ErrandQueue::reserve(const AttemptId& attempt) {
    const std::lock_guard lock(mutex_);
    return in_hand_.insert(attempt).second;
}

void ErrandQueue::release(const AttemptId& attempt) {
    const std::lock_guard lock(mutex_);
    in_hand_.erase(attempt);
}

bool ErrandQueue::add(Errand& errand) {
    std::shared_ptr<ports::WakeUp> wake_up;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return false;
        in_hand_.insert(errand.ref.attempt);
        waiting_.push_back(std::move(errand));
        if (!idle_.empty()) {
            wake_up = idle_.back();
            idle_.pop_back();
        }
    }
    if (wake_up) wake_up->set();
    return true;
}

std::optional<Errand> ErrandQueue::wait_for_next() {
    const std::shared_ptr<ports::WakeUp> wake_up = clock_.make_wake_up();
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            idle_.erase(std::remove(idle_.begin(), idle_.end(), wake_up), idle_.end());
            if (auto errand = take(closed_)) return errand;
            if (closed_) return std::nullopt;
            idle_.push_back(wake_up);
        }
        wake_up->wait_until(clock_.monotonic() + look_again);
    }
}

std::optional<Errand> ErrandQueue::take_any() {
    const std::lock_guard lock(mutex_);
    return take(true);
}

std::optional<Errand> ErrandQueue::take(bool any_site) {
    const int most = has_several_sites_ ? std::max(1, threads_ - 1) : threads_;
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Errand& errand) {
        const auto sending = sending_.find(errand.site);
        return any_site || sending == sending_.end() || sending->second < most;
    });
    if (found == waiting_.end()) return std::nullopt;
    auto errand = std::move(*found);
    waiting_.erase(found);
    ++sending_[errand.site];
    return errand;
}

void ErrandQueue::done(const Errand& errand) {
    const std::lock_guard lock(mutex_);
    --sending_[errand.site];
    in_hand_.erase(errand.ref.attempt);
}

void ErrandQueue::join() {
    const std::lock_guard lock(mutex_);
    ++threads_;
}

void ErrandQueue::part() {
    const std::lock_guard lock(mutex_);
    --threads_;
}

void ErrandQueue::close() {
    std::vector<std::shared_ptr<ports::WakeUp>> idle;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        idle.swap(idle_);
    }
    for (const auto& wake_up : idle) wake_up->set();
}

bool ErrandQueue::is_closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

}  // namespace darkroom::dispatch
