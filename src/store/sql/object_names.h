// From objects to the rows that name them, and back: what a search for orphans and a search for missing
// objects compare a store's listing with. Reads only; what cannot be read is an error, never "unnamed".
#pragma once
#include <vector>

#include "ports/job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

/// In the order of `keys`. The empty key is no object and never among them.
std::vector<core::ObjectKey> find_unnamed_objects(Database& db, const std::vector<core::ObjectKey>& keys);

/// Looks at up to `jobs_max` jobs, also at those that keep nothing any more, so that a page costs no more
/// than that.
ports::NamedObjects list_named_objects(Database& db, std::int64_t after, int jobs_max);

}  // namespace darkroom::store
