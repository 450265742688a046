#include "base/stop_event.h"

#include <sys/eventfd.h>

#include <cstdint>

#include "base/check.h"

namespace darkroom {

StopEvent::StopEvent() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { DR_CHECK(event_); }

void StopEvent::set() {
    if (set_.exchange(true)) return;
    const std::uint64_t one = 1;
    DR_CHECK(::write(event_.get(), &one, sizeof one) == sizeof one);
}

}  // namespace darkroom
