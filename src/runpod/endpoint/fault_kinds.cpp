// The table of faults: each stands for something that was seen on the platform or must be survived.
#include <array>

#include "runpod/endpoint/fault_script.h"

namespace darkroom::runpod::endpoint {
namespace {

constexpr std::array kinds = {
    // Submitting.
    FaultKind{"drop_before_accept", "run: the connection is closed, nothing was queued", ""},
    FaultKind{"accept_then_drop", "run: the job is queued, the connection is closed without an answer", ""},
    FaultKind{"5xx_before_accept", "run: an error, nothing was queued", "status", 502},
    FaultKind{"5xx_after_accept", "run: the job is queued, and the answer is an error", "status", 502},
    FaultKind{"accept_then_hang", "run: the job is queued, and no answer comes", ""},
    FaultKind{"accept_then_forget", "run: answered, then nobody knows the job", ""},
    FaultKind{"accept_then_garble", "run: the job is queued, and the answer cannot be read",
              "1 truncated, 2 HTML, 3 empty, 4 no id, 5 an id of 10 kB, 6 an id that is a number", 1},
    FaultKind{"same_id", "run: the id of an older job is answered for a new one", ""},
    FaultKind{"run_429", "run: too many requests", "Retry-After in seconds, 0 = none", 0},
    FaultKind{"run_401", "run: the key is refused", ""},
    FaultKind{"run_402", "run: no funds", ""},
    // Asking.
    FaultKind{"status_regress", "status: a final state that was shown goes back to IN_PROGRESS", ""},
    FaultKind{"status_stale", "status: a state from before", ""},
    FaultKind{"status_404", "status: the job seems to be gone", ""},
    FaultKind{"status_unknown", "status: a state nobody has heard of", ""},
    FaultKind{"status_429", "status: too many requests", "Retry-After in seconds, 0 = none", 0},
    FaultKind{"status_5xx", "status: an error", "status", 500},
    FaultKind{"status_slow", "status: the body comes slowly", "milliseconds for each byte", 50},
    FaultKind{"error_as_object", "status: the error is an object, not text", ""},
    FaultKind{"lost_output", "a job is COMPLETED without its output", ""},
    FaultKind{"cancel_429", "cancel: too many requests", "Retry-After in seconds, 0 = none", 0},
    FaultKind{"cancel_5xx", "cancel: an error, nothing was cancelled", "status", 500},
    FaultKind{"cancel_drop", "cancel: done, and the connection is closed without an answer", ""},
    FaultKind{"cancel_ignored", "cancel: the worker is not told", ""},
    FaultKind{"health_5xx", "health: an error", "status", 500},
    FaultKind{"any_html", "client calls: the error page of a proxy", "status", 502},
    FaultKind{"any_hang", "client calls: no answer comes, nothing was done", ""},
    FaultKind{"any_drop", "client calls: the connection is closed, nothing was done", ""},
    // Webhooks.
    FaultKind{"webhook_drop", "the webhook is never sent", ""},
    FaultKind{"webhook_dup", "the webhook is sent more than once", "how often", 2},
    FaultKind{"webhook_delay", "the webhook comes late", "milliseconds", 5'000},
    FaultKind{"webhook_reorder", "the webhook comes late by chance", "milliseconds at most", 5'000},
    FaultKind{"webhook_early", "the webhook comes before status shows the result", "milliseconds", 2'000},
    FaultKind{"webhook_contradict", "a webhook with FAILED follows the one with COMPLETED", ""},
    FaultKind{"webhook_forge", "a webhook with a foreign id and output comes first", ""},
    FaultKind{"webhook_truncate", "the body of the webhook ends in the middle", ""},
    // The life of a job.
    FaultKind{"ttl_expire", "the job is deleted as if its ttl were over", ""},
    FaultKind{"retention_expire", "the result is deleted as soon as it is there", ""},
    FaultKind{"never_dispatch", "the job stays IN_QUEUE", ""},
    FaultKind{"freeze", "the job stays IN_PROGRESS whatever its worker says", ""},
    FaultKind{"redispatch", "a running job is given to a second worker too", ""},
    FaultKind{"late_progress", "progress comes after the end and overwrites the result", ""},
    FaultKind{"result_too_large", "the result is refused as too large", ""},
    // Workers.
    FaultKind{"worker_die", "the worker's result is not heard, and neither are its pings for that job", ""},
    FaultKind{"report_lost", "all reports of the result fail, and the job ends TIMED_OUT", ""},
    FaultKind{"done_5xx", "job-done: an error, the result was not taken", "status", 500},
    FaultKind{"done_drop", "job-done: taken, and the connection is closed without an answer", ""},
    FaultKind{"take_429", "job-take: too many requests", ""},
    FaultKind{"take_5xx", "job-take: an error", "status", 500},
    FaultKind{"take_400", "job-take: 400, as with FlashBoot", ""},
    FaultKind{"take_garble", "job-take: the job is given away, and the answer cannot be read", ""},
    FaultKind{"ping_5xx", "ping: an error", "status", 500},
};

}  // namespace

std::span<const FaultKind> fault_kinds() { return kinds; }

}  // namespace darkroom::runpod::endpoint
