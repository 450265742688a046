// Time, and all waiting on it. A simulation gives its own, so no room that holds logic reads a clock or
// sleeps by itself.
#pragma once
#include <memory>

#include "base/time.h"

namespace darkroom::ports {

/// A flag that one thread waits for and any thread sets. Setting it twice is the same as once; a wait clears
/// it.
class WakeUp {
public:
    virtual ~WakeUp() = default;
    virtual void set() = 0;
    /// True if it was set, false at the deadline.
    virtual bool wait_until(Instant deadline) = 0;
};

class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;      // the calendar; may jump
    virtual Instant monotonic() const = 0;  // durations; never goes back
    virtual std::unique_ptr<WakeUp> make_wake_up() const = 0;
};

}  // namespace darkroom::ports
