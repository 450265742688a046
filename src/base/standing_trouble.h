// Trouble that lasts for a while and is met at every try, as a database that is away: worth a line in the log
// when it begins, now and then while it lasts, and when it is over. Safe to use from many threads.
#pragma once
#include <mutex>
#include <optional>

#include "base/time.h"

namespace darkroom {

class StandingTrouble {
public:
    explicit StandingTrouble(Milliseconds told_every = Milliseconds(30'000)) : told_every_(told_every) {}

    /// It was met; whether to tell of it.
    bool met(Instant now) {
        const std::lock_guard lock(mutex_);
        if (told_at_ && now < *told_at_ + told_every_) return false;
        told_at_ = now;
        return true;
    }
    /// It was not met; whether that is news.
    bool is_over() {
        const std::lock_guard lock(mutex_);
        const bool was_there = told_at_.has_value();
        told_at_.reset();
        return was_there;
    }

private:
    const Milliseconds told_every_;
    std::mutex mutex_;
    std::optional<Instant> told_at_;  // unset = there is none
};

}  // namespace darkroom
