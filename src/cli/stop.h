// "Stop now", said once to everybody: threads ask between steps, and pauses end at once when it is said.
#pragma once
#include <atomic>
#include <mutex>
#include <set>

#include "ports/clock.h"

namespace darkroom::cli {

/// Any thread. Once asked, for good.
class Stop {
public:
    explicit Stop(ports::Clock& clock) : clock_(clock) {}

    void ask();
    bool asked() const { return asked_.load(); }
    /// Waits; false if it was told to stop meanwhile.
    bool pause(Milliseconds duration);

private:
    ports::Clock& clock_;
    std::atomic<bool> asked_{false};
    std::mutex mutex_;
    std::set<ports::WakeUp*> pausing_;
};

}  // namespace darkroom::cli
