// What follows a failed attempt: another one, and when, or the end. Pure: the dice are handed in.
#pragma once
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "core/error_code.h"

namespace darkroom::core {

struct RetryPolicy {
    int attempts_max = 3;  // tries that count
    int interruptions_max =
        20;  // tries cut short by Darkroom itself; beyond, something about the job stops Darkroom
    Milliseconds pause_base{2'000};  // of the exponential schedule
    Milliseconds pause_cap{600'000};
};

/// How often a job has been tried, by what the tries cost it.
struct AttemptHistory {
    int counted = 0;      // including the one that just failed, unless it was interrupted
    int interrupted = 0;  // including the one that just failed, if it was
    int same_code = 1;    // of those counted, how many failed with this same code, including this one
};

/// The pause before the next attempt, or nullopt to give up. Full jitter: uniform in 0..min(cap, base ×
/// 2^(counted-1)), because retries of many jobs that failed together must not come back together (AWS
/// Architecture Blog, "Exponential Backoff And Jitter"). An interrupted attempt is repeated without a pause.
std::optional<Milliseconds> pause_before_retry(const RetryPolicy& policy, ErrorCode code,
                                               const AttemptHistory& history, std::uint64_t dice);

}  // namespace darkroom::core
