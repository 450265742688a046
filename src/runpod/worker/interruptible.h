// What one thread waits with and any other thread stops: pauses by the clock, requests by a descriptor.
#pragma once
#include <memory>

#include "base/stop_event.h"
#include "base/time.h"
#include "ports/clock.h"

namespace darkroom::runpod::worker {

class Interruptible {
public:
    explicit Interruptible(const ports::Clock& clock) : clock_(clock), wake_up_(clock.make_wake_up()) {}

    /// For good. Any thread, any number of times.
    void stop() {
        event_.set();
        wake_up_->set();
    }
    bool is_stopped() const { return event_.is_set(); }
    /// For OutgoingRequest::stop_fd.
    int stop_fd() const { return event_.fd(); }

    /// True after `pause`, false at once when stopped. One thread at a time.
    bool pause(Milliseconds pause) {
        const Instant until = clock_.monotonic() + pause;
        while (!is_stopped()) {
            if (!wake_up_->wait_until(until)) return !is_stopped();
        }
        return false;
    }

private:
    const ports::Clock& clock_;
    StopEvent event_;
    std::unique_ptr<ports::WakeUp> wake_up_;
};

}  // namespace darkroom::runpod::worker
