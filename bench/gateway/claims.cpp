#include "bench/gateway/workbench.h"
#include "bench/store/measure.h"

namespace darkroom::bench {

// The store's own benchmark measures it through the port; it leaves the long queue where measure_idle looks.
Measured measure_claim_costs(Workbench& bench) {
    measure_claims(bench.folder, bench.long_queue);
    return {};
}

}  // namespace darkroom::bench
