// How long the command line keeps trying when a gateway does not answer, or asks to come back later.
#pragma once
#include "base/time.h"

namespace darkroom::cli {

struct RetryPolicy {
    int first_contact_tries = 4;      // a server that never answered is probably not there: say so soon
    Milliseconds outage_max{60'000};  // one that did answer may be restarting: outlast that
    Milliseconds pause_base{250};     // doubled each time, with full jitter
    Milliseconds pause_cap{4'000};
    Milliseconds retry_after_max{30'000};  // a server that asks for a longer pause is not waited for
    Milliseconds poll_pause{500};  // between questions to a server that does not hold them (Prefer: wait)
};

}  // namespace darkroom::cli
