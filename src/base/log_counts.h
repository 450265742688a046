// How many lines the log was given, by level, whether the level in force let them through or not. Any thread.
#pragma once
#include <cstdint>

namespace darkroom::log {

struct LineCounts {
    std::uint64_t debug = 0;
    std::uint64_t info = 0;
    std::uint64_t warning = 0;
    std::uint64_t error = 0;
};

/// Since the start of the process.
LineCounts written();

}  // namespace darkroom::log
