// The one line that shows how a run gets on: a bar, the rate and the time left. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace darkroom::cli {

struct RunProgress {
    std::size_t total = 0;
    std::size_t sent = 0;  // have a job
    std::size_t succeeded = 0;
    std::size_t failed = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_total = 0;
    Milliseconds elapsed{0};
    std::string waits_for;  // in words, while nothing is at work; empty = nothing special

    std::size_t ended() const { return succeeded + failed; }
};

/// At most `width` columns: what matters least is left out first. "Sending" until the first result, then
/// "Working".
std::string progress_line(const RunProgress& progress, int width);

/// The time the rest will take if it goes on as so far; 0 = not known yet, or nothing is left.
Milliseconds time_left(const RunProgress& progress);

}  // namespace darkroom::cli
