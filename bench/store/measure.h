// The measurements of bench_store. Each prints its own table; what is compared is measured in turns within
// one run, because the machine may be faster or slower a minute later.
#pragma once
#include <filesystem>

namespace darkroom::bench {

/// Durable creates per second by 1, 8, 64 and 256 callers, against what the disk can sync: one row and one
/// sync at a time.
void measure_commits(const std::filesystem::path& folder);

/// Cost with the longest queue over cost with 1,000 jobs.
struct ClaimRatios {
    double with_commit = 0;
    double without_commit = 0;
};

/// A claim of 100 with 1,000, 100,000 and 1,000,000 jobs queued, and the resident memory with a million.
ClaimRatios measure_claims(const std::filesystem::path& folder, int longest_queue);

}  // namespace darkroom::bench
