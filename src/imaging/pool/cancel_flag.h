// A request to end the work on one picture, from any thread, that wakes who waits for the pixel process.
#pragma once
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "base/check.h"
#include "base/unique_fd.h"
#include "core/error_code.h"

namespace darkroom::imaging {

class CancelFlag {
public:
    CancelFlag() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { DR_CHECK(event_); }

    /// `reason` is cancelled or interrupted; the first one stays.
    void set(core::ErrorCode reason) {
        int none = -1;
        reason_.compare_exchange_strong(none, static_cast<int>(reason));
        const std::uint64_t one = 1;
        // Fails only where the counter is full, and then it is readable anyway.
        [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
    }
    bool is_set() const { return reason_ >= 0; }
    core::ErrorCode reason() const { return static_cast<core::ErrorCode>(reason_.load()); }
    /// Readable once the flag is set, for poll().
    int fd() const { return event_.get(); }

private:
    std::atomic<int> reason_{-1};
    UniqueFd event_;
};

}  // namespace darkroom::imaging
