// Large files straight to the store and through Darkroom, in turns in one run, and the memory that Darkroom
// takes for it.
#pragma once
#include <filesystem>

#include "base/result.h"
#include "bench/gateway/figures.h"

namespace darkroom::bench {

struct RelayPlan {
    std::filesystem::path program;  // darkroom
    std::filesystem::path folder;   // the run's own, on the disk that is measured
    std::uint64_t bytes = std::uint64_t{1} << 30;
    int rounds = 3;
};

/// Prints its table and says its verdicts; fails with a sentence if it could not measure.
Result<void, std::string> measure_relay(const RelayPlan& plan, Verdicts& verdicts);

}  // namespace darkroom::bench
