// Which store is measured: the only place of the benchmark that sees concrete ones.
#pragma once
#include <memory>
#include <string>

#include "ports/job_store.h"
#include "ports/random.h"

namespace darkroom::bench {

/// Whether this build can open such a store: sqlite or postgres.
bool has_queue_store(const std::string& kind);

/// A new or existing store at a path or URL; ends the program with the reason if that fails.
std::unique_ptr<ports::JobStore> open_queue_store(const std::string& kind, const std::string& where,
                                                  ports::Random& random);

}  // namespace darkroom::bench
