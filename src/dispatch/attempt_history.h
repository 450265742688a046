// Counts a job's attempts the way the retry schedule wants them. Pure.
#pragma once
#include "core/job.h"
#include "core/retry.h"

namespace darkroom::dispatch {

/// `job.attempts` ends with the attempt that just failed with `code`; its own row may still be open. Attempts
/// before the owner's last retry are forgiven.
core::AttemptHistory history_of(const core::Job& job, core::ErrorCode code);

}  // namespace darkroom::dispatch
