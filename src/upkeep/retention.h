// How long pictures and jobs are kept after a job has ended. Objects are removed first, then the store goes
// on: a crash or a storage that does not answer means that the same is done again, never that something is
// forgotten.
#pragma once
#include <functional>
#include <optional>

#include "base/time.h"
#include "ports/job_store.h"
#include "ports/object_store.h"

namespace darkroom::upkeep {

/// After the end of a job; unset = for ever. With its job goes whatever is still kept of it.
struct RetentionPolicy {
    std::optional<Milliseconds> inputs;
    std::optional<Milliseconds> outputs;
    std::optional<Milliseconds> jobs;
};

struct RetentionReport {
    int jobs = 0;     // whose time for something was over
    int objects = 0;  // that were removed for it
};

/// Everything that is due by now, in slices; `may_go_on` is asked between them.
RetentionReport apply_retention(ports::JobStore& store, ports::ObjectStore& objects,
                                const RetentionPolicy& policy, TimePoint now,
                                const std::function<bool()>& may_go_on);

}  // namespace darkroom::upkeep
