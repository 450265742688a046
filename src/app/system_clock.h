// The real clock.
#pragma once
#include "ports/clock.h"

namespace darkroom::app {

class SystemClock : public ports::Clock {
public:
    TimePoint now() const override;
    Instant monotonic() const override;
    std::unique_ptr<ports::WakeUp> make_wake_up() const override;
};

}  // namespace darkroom::app
