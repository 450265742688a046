// A clock that stands still until the test moves it, so that retries and deadlines are tested without waiting
// for them.
#pragma once
#include <condition_variable>
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

private:
    struct State {
        std::mutex mutex;
        std::condition_variable moved;
        Milliseconds passed{0};
    };
    class ManualWakeUp;

    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace darkroom::testing
