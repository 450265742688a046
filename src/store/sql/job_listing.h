// Pages of jobs, newest first. A place in the list is a job's seq, so it stays where it is while jobs are
// added.
#pragma once
#include "ports/job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

ports::JobPage list_jobs(Database& db, const ports::Access& access, const ports::JobFilter& filter,
                         std::int64_t before, int count_max);

enum class Listed { all_jobs, jobs_of_a_user, steps_of_a_chain };

/// The statement behind one status (nullptr = any) of a page; tests look at its plan.
std::string listing_sql(Listed listed, const core::Status* status);

}  // namespace darkroom::store
