// What the owner of a job asks for after its creation: cancel, retry, another attempt with other params, and
// which attempt it shows.
#pragma once
#include "ports/job_store.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

ports::CancelOutcome cancel_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                const std::string& actor, TimePoint now);
ports::RequeueOutcome requeue_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                  const std::string& actor, TimePoint now);
ports::RequeueOutcome rerun_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                const ports::WorkPlan& plan, const std::string& actor, TimePoint now);
ports::SelectOutcome select_attempt(Transaction& transaction, const ports::Access& access, const JobId& id,
                                    const AttemptId& attempt, const std::string& actor, TimePoint now);

}  // namespace darkroom::store
