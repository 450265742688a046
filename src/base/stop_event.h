// Told once, for good: stop. Any thread sets it; it is asked, or waited for by poll() beside sockets.
#pragma once
#include <atomic>

#include "base/unique_fd.h"

namespace darkroom {

class StopEvent {
public:
    StopEvent();

    /// Twice is the same as once.
    void set();
    bool is_set() const { return set_; }
    /// Readable from set() on, for poll() and OutgoingRequest::stop_fd.
    int fd() const { return event_.get(); }

private:
    std::atomic<bool> set_{false};
    UniqueFd event_;
};

}  // namespace darkroom
