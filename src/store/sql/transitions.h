// What dispatchers and backends tell of attempts: claims, starts and ends, each a change of the attempt's job
// (job_change.h), and of the chain that it may be a step of. What a node looks after no longer, it cannot
// change.
#pragma once
#include <vector>

#include "ports/job_store.h"
#include "ports/random.h"
#include "store/sql/job_rows.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

std::vector<ports::Claimed> claim_jobs(Transaction& transaction, ports::Random& random,
                                       const ports::ClaimRequest& request);
ports::Applied start_attempt(Transaction& transaction, const AttemptId& attempt, TimePoint now);
/// As a worker told some node, perhaps not the one that looks after the attempt. Its name is told in the
/// timeline; empty = nobody knows.
ports::Applied start_by_worker(Transaction& transaction, const AttemptId& attempt, const std::string& worker,
                               TimePoint now);
ports::Applied finish_attempt(Transaction& transaction, const AttemptId& attempt,
                              const ports::AttemptEnd& end, const std::string& actor, TimePoint now);
/// Changes nothing where a submit of the attempt may have been taken after all.
ports::Applied give_back(Transaction& transaction, const AttemptId& attempt,
                         std::optional<TimePoint> retry_at, const std::string& why, TimePoint now);
/// Whether a result of this attempt, should there be one, would still become the job's.
bool may_succeed_late(Database& db, const JobHead& job, int number);
/// Only of attempts that were sent to another machine: others leave no trace to find them by.
ports::Applied succeed_late(Transaction& transaction, const AttemptId& attempt,
                            const ports::AttemptSucceeded& end, const std::string& actor, TimePoint now);

}  // namespace darkroom::store
