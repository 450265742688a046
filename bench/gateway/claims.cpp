// Claiming 100 jobs with a short and with a long queue, through the port, in turns in one run.
// The measurement itself is bench/store's.
#include <algorithm>
#include <cstdio>

#include "bench/gateway/workbench.h"
#include "bench/store/measure.h"

namespace darkroom::bench {
namespace {

constexpr double ratio_max = 1.3;

}  // namespace

// The store's own benchmark measures it through the port; it leaves the long queue where measure_idle looks.
Measured measure_claim_costs(Workbench& bench) {
    const auto ratios = measure_claims(bench.folder, bench.long_queue);
    std::printf("\n");
    const auto figure = number(ratios.with_commit, 2) + " with the commit, " +
                        number(ratios.without_commit, 2) + " without it";
    bench.verdicts.say("claim of 100 with " + number(bench.long_queue) + " jobs queued",
                       "≤ 1.3 × that with 1,000", figure,
                       std::max(ratios.with_commit, ratios.without_commit) <= ratio_max);
    return {};
}

}  // namespace darkroom::bench
