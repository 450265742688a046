// When a remote job is looked at again. Pure: the dice are handed in. While nobody tells of its end, a job is
// looked at after 2 s, then in growing pauses up to 30 s, so that an end whose webhook was lost is noticed
// within a minute, and far inside the half hour for which RunPod keeps results.
#pragma once
#include <cstdint>

#include "base/time.h"

namespace darkroom::dispatch {

struct FollowTimes {
    Milliseconds first_look{2'000};
    Milliseconds look_pause_max{30'000};
    Milliseconds polled_pause_max{5'000};     // of both, where nobody else tells of ends
    Milliseconds trouble_pause_max{300'000};  // whatever a server asks for
    Milliseconds adopt_window{30'000};        // in which an unclear submit may get a name by itself
    Milliseconds not_visible_yet{60'000};     // a remote job younger than this may be unknown there
    Milliseconds work_limit{7'200'000};       // what runs longer has ended, whatever is told of it
    Milliseconds operator_pause{30'000};      // between two looks at what an operator must mend
    Milliseconds store_pause{1'000};          // after a store did not take something
    Milliseconds quiet_round{30'000};         // the net below all wake-ups

    /// All of them, shorter by `factor` (below 1): tests run whole days in seconds.
    FollowTimes scaled(double factor) const;
};

/// Before the next look at one that was looked at `looks` times.
Milliseconds pause_before_look(const FollowTimes& times, int looks, std::uint64_t dice);
/// The same after a look that was refused: at least what the server asks for, within reason.
Milliseconds pause_after_trouble(const FollowTimes& times, int looks, Milliseconds retry_after,
                                 std::uint64_t dice);

}  // namespace darkroom::dispatch
