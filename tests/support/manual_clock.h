// A clock that stands still until the test moves it, so that retries and deadlines are tested without waiting
// for them.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "ports/clock.h"

namespace darkroom::testing {

class ManualClock : public ports::Clock {
public:
    TimePoint now() const override;
    Instant monotonic() const override;
    std::unique_ptr<ports::WakeUp> make_wake_up() const override;

    /// Moves both clocks and wakes whoever waited for a time that has come.
    void advance(Milliseconds by);
    /// The same in a loop, while other threads live by this clock: leaves them a moment, until one of them
    /// waits again, a millisecond of real time at most (with 0 ms that is all it does). A loop that yields
    /// instead lets everybody else on a busy machine run for each of its steps, and one that does nothing
    /// runs far ahead of those it is there for.
    void pass(Milliseconds by);

private:
    struct State {
        std::mutex mutex;
        std::condition_variable moved;
        std::condition_variable wait_began;
        std::uint64_t waits_begun = 0;
        Milliseconds passed{0};
    };
    class ManualWakeUp;

    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace darkroom::testing
