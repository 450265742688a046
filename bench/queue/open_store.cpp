#include "bench/queue/open_store.h"

#include <cstdio>
#include <cstdlib>

#include "bench/store/load.h"

namespace darkroom::bench {

bool has_queue_store(const std::string& kind) { return kind == "sqlite"; }

std::unique_ptr<ports::JobStore> open_queue_store(const std::string& kind, const std::string& where,
                                                  ports::Random& random) {
    if (kind == "sqlite") return open_store(where, random);
    std::fprintf(stderr, "bench_queue: there is no store \"%s\"\n", kind.c_str());
    std::exit(1);
}

}  // namespace darkroom::bench
