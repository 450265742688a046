// Uploads that nobody used: forgotten and their objects removed.
#pragma once
#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/object_store.h"

namespace darkroom::api {

/// Removes what has expired by now, in slices; returns how many objects went. A failure is left for the next
/// call.
int expire_uploads(ports::JobStore& store, ports::ObjectStore& objects, TimePoint now);

}  // namespace darkroom::api
