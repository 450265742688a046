#include "cli/stop.h"

namespace darkroom::cli {

void Stop::ask() {
    const std::lock_guard lock(mutex_);
    asked_ = true;
    for (auto* waiting : pausing_) waiting->set();
}

bool Stop::pause(Milliseconds duration) {
    const auto wake_up = clock_.make_wake_up();
    const auto deadline = clock_.monotonic() + duration;
    {
        const std::lock_guard lock(mutex_);
        if (asked_) return false;
        pausing_.insert(wake_up.get());
    }
    wake_up->wait_until(deadline);
    const std::lock_guard lock(mutex_);  // ask() no longer touches our flag once we hold this
    pausing_.erase(wake_up.get());
    return !asked_;
}

}  // namespace darkroom::cli
