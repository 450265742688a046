// Table costs: what remote work cost, for each UTC day, user, type and endpoint. Outlives the jobs.
#pragma once
#include <string>
#include <vector>

#include "ports/remote_job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

/// What is added to a day; also less than nothing, where more had been counted before.
struct CostShare {
    std::string day;
    std::int64_t remote_jobs = 0;
    Milliseconds execution{0};
    std::int64_t cost_micro_usd = 0;
};

/// The UTC day, as 2026-11-22.
std::string day_of(TimePoint time);
/// To the user and the type of the job.
void add_costs(Database& db, std::int64_t job_seq, const std::string& endpoint, const CostShare& share);
std::int64_t spent_on(Database& db, const std::string& day);
std::vector<ports::CostRow> list_costs(Database& db, const std::string& first_day,
                                       const std::string& last_day);

}  // namespace darkroom::store
