// How long one operation takes and how much memory, each measured in a process of its own.
#pragma once
#include <functional>

namespace darkroom::bench {

struct Cost {
    double wall_ms = 0;      // median of the runs
    double peak_rss_mb = 0;  // above what the process held before the first run
};

/// Runs `work` `runs` times in a child process.
Cost measure(const std::function<void()>& work, int runs);

}  // namespace darkroom::bench
