// The other half of bench_queue: it works with a store of Darkroom's as it is told on standard input, so that
// the runner can treat it like every other queue (the commands are those of peers/talk.cjs).
#pragma once
#include <string>

namespace darkroom::bench {

/// `kind` is sqlite or postgres; where the store is says QUEUE_URL. Ends with its input.
int drive(const std::string& kind);

}  // namespace darkroom::bench
