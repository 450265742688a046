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
ports::Applied start_attempt(Transaction& transaction, const AttemptId& attempt, TimePoint now);
ports::Applied finish_attempt(Transaction& transaction, const AttemptId& attempt,
                              const ports::AttemptEnd& end, const std::string& actor, TimePoint now);
ports::CancelOutcome cancel_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                const std::string& actor, TimePoint now);
ports::RequeueOutcome requeue_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                  const std::string& actor, TimePoint now);

}  // namespace darkroom::store
