// What the exit status of `darkroom` means. Stable: scripts switch on it.
#pragma once
#include <span>

namespace darkroom::cli {

enum class ExitCode : int {
    ok = 0,
    failed = 1,  // the server said no, or every job failed
    usage = 2,
    some_failed = 3,
    not_authorised = 4,
    not_found = 5,
    conflict = 6,
    timed_out = 7,  // of waiting; the jobs go on
    unreachable = 8,
    out_of_credits = 9,
    unwell = 69,  // doctor found a problem
    bad_configuration = 78,
    interrupted = 130,
};

/// Of a command from those of its items: their common code, some_failed when only some went wrong, else
/// failed.
ExitCode combined(std::span<const ExitCode> items);

/// Of a request that was answered with an error status.
ExitCode exit_code_for_status(int http_status);

}  // namespace darkroom::cli
