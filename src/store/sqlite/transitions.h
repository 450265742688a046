// Performs core/job_machine.h's table on the rows: load the status, ask core::next, apply the effects it
// names, append the event. No rule of its own: what is allowed and what follows is decided in core.
#pragma once
#include <vector>

#include "ports/job_store.h"
#include "ports/random.h"
#include "store/sqlite/group_writer.h"

namespace darkroom::store {

std::vector<ports::Claimed> claim_jobs(Transaction& transaction, ports::Random& random,
                                       const ports::ClaimRequest& request);
/// `worker` is told in the timeline; empty = nobody knows.
ports::Applied start_attempt(Transaction& transaction, const AttemptId& attempt, const std::string& worker,
                             TimePoint now);
ports::Applied finish_attempt(Transaction& transaction, const AttemptId& attempt,
                              const ports::AttemptEnd& end, const std::string& actor, TimePoint now);
/// Changes nothing where a submit of the attempt may have been taken after all.
ports::Applied give_back(Transaction& transaction, const AttemptId& attempt,
                         std::optional<TimePoint> retry_at, const std::string& why, TimePoint now);
/// Only of attempts that were sent to another machine: others leave no trace to find them by.
ports::Applied succeed_late(Transaction& transaction, const AttemptId& attempt,
                            const ports::AttemptSucceeded& end, const std::string& actor, TimePoint now);
ports::CancelOutcome cancel_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                const std::string& actor, TimePoint now);
ports::RequeueOutcome requeue_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                  const std::string& actor, TimePoint now);

}  // namespace darkroom::store
