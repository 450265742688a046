// Chains at work: what core/chain_progress.h decides, done in the rows, in the transaction of the change that
// caused it. A chain itself is never in line and has no attempts; its steps are jobs like others. Its
// timeline tells: created, start, step_succeeded, step_failed, succeed, give_up, cancel, requeue, and
// succeed_late where a step that had failed has a result after all.
#pragma once
#include "store/sql/job_change.h"

namespace darkroom::store {

/// The chain of new steps: those without a source stand in line from here on.
void begin_chain(Transaction& transaction, const JobId& chain, TimePoint now);

/// A step has changed by `kind`: its chain follows, and the steps that take from it begin. Does nothing for
/// other jobs.
void follow_step(Transaction& transaction, const JobHead& step, core::JobEventKind kind, TimePoint now);

ports::CancelOutcome cancel_chain(Transaction& transaction, JobHead& chain, const std::string& actor,
                                  TimePoint now);
/// What succeeded is kept, and what retention took of it cannot be made again.
ports::RequeueOutcome requeue_chain(Transaction& transaction, JobHead& chain, const std::string& actor,
                                    TimePoint now);

}  // namespace darkroom::store
