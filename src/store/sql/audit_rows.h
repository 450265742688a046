// What attempts were done with, for an audit of licences.
#pragma once
#include "ports/job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

/// Whole jobs, so that a page may have some more rows than `count_max`. Looks at a bounded number of attempts
/// and may find none of them young enough: that is no end as long as there is a next page.
ports::AuditPage list_audit(Database& db, TimePoint since, std::int64_t after, int count_max);

}  // namespace darkroom::store
