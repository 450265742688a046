// Uploads that nobody used: their objects are removed, then they are forgotten.
#pragma once
#include <functional>

#include "base/time.h"
#include "ports/job_store.h"
#include "ports/object_store.h"

namespace darkroom::upkeep {

/// Removes what has expired by now, in slices; `may_go_on` is asked between them. Returns how many uploads
/// went. A failure is left for the next call: nothing is forgotten whose objects may still be there.
int expire_uploads(ports::JobStore& store, ports::ObjectStore& objects, TimePoint now,
                   const std::function<bool()>& may_go_on);

}  // namespace darkroom::upkeep
