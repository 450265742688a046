// The measurements of bench_store. Each prints its own table; what is compared is measured in turns within
// one run, because the machine may be faster or slower a minute later.
#pragma once
#include <filesystem>

namespace darkroom::bench {

/// Durable creates per second by 1, 8, 64 and 256 callers, against what the disk can sync: one row and one
/// sync at a time.
void measure_commits(const std::filesystem::path& folder);

/// A claim of 100 with 1,000, 100,000 and 1,000,000 jobs queued, and the resident memory with a million.
void measure_claims(const std::filesystem::path& folder, int longest_queue);

}  // namespace darkroom::bench
