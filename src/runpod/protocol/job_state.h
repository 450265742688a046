// The states of a remote job. RunPod may add some: what is not known is never taken for an end, it is asked
// about again. Status also goes backwards there (a progress report that overtakes the result), so every
// reader keeps the furthest state it has seen.
#pragma once
#include <string_view>

namespace darkroom::runpod {

enum class JobState { unknown, in_queue, in_progress, completed, failed, timed_out, cancelled };

/// RUNNING is in_progress; everything that is not documented is unknown.
JobState parse_job_state(std::string_view text);
/// As on the wire; "UNKNOWN" for unknown.
std::string_view name_of(JobState state);
bool is_final(JobState state);

/// How far along: unknown 0, in_queue 1, in_progress 2, ended without a result 3, completed 4.
int rank(JobState state);
/// True if `next` is news for somebody who has seen `seen`: further along. COMPLETED follows FAILED and
/// TIMED_OUT, because the result of an earlier dispatch may still arrive; nothing follows CANCELLED.
/// /retry starts a history of its own.
bool is_progress(JobState seen, JobState next);

}  // namespace darkroom::runpod
