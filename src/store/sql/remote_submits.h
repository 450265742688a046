// Submits and the names that are heard of them. A name may be told by the submit's own answer, a webhook, a
// worker's claim or its report, in any order, twice, or never; it is written once, and what was sent without
// an answer is taken to be the one that a new name belongs to.
#pragma once
#include <optional>
#include <string>

#include "ports/remote_job_store.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

/// The first submit of a new attempt.
void intend_first(Transaction& transaction, std::int64_t job_seq, const core::Attempt& attempt,
                  const ports::RemotePlan& plan);
/// Nothing for an attempt that this node looks after no longer.
std::optional<ports::RemoteJobRef> open_remote_job(Transaction& transaction, const AttemptId& attempt,
                                                   const ports::RemotePlan& plan, TimePoint now);
ports::Adoption note_submitted(Transaction& transaction, const ports::RemoteJobRef& ref,
                               const std::string& remote_id, TimePoint look_at);
void note_unclear(Database& db, const ports::RemoteJobRef& ref, TimePoint look_at);
ports::Adoption adopt(Transaction& transaction, const AttemptId& attempt, const std::string& remote_id,
                      TimePoint now);
ports::ClaimAnswer claim_work(Transaction& transaction, const AttemptId& attempt,
                              const std::string& remote_id, const std::string& worker, TimePoint now);

}  // namespace darkroom::store
