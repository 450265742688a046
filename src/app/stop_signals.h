// SIGINT and SIGTERM of the whole process, taken by the one thread that waits for them. Threads started later
// inherit the mask, so this is made before any other thread. SIGHUP may be taken too: a server reads its
// recipes again.
#pragma once
#include <signal.h>

#include "base/unique_fd.h"

namespace darkroom::app {

class StopSignals {
public:
    /// With `told`, SIGHUP is heard instead of ending the process.
    enum class Hangup { ends, told };
    explicit StopSignals(Hangup hangup = Hangup::ends);

    enum class Heard { stop, hangup, nothing };
    /// Waits as wait() does. When the terminal that the process was started at has gone, that is a stop.
    Heard hear(int other = -1, int timeout_ms = -1) const;
    /// True once a signal came, false when `other` became readable (-1 = nothing else) or time is up (-1 =
    /// never).
    bool wait(int other = -1, int timeout_ms = -1) const;
    /// From here on a second signal ends the process at once, and so does the end of its time: what cannot be
    /// interrupted must not keep it alive.
    void let_go(unsigned limit_s) const;

private:
    sigset_t set_{};
    bool at_terminal_ = false;
    UniqueFd fd_;
};

}  // namespace darkroom::app
