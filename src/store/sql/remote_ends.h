// What looks at remote jobs learn: how they go on, how they end, what they cost. A remote job may end more
// than once, because it is told in several ways and because a failed one may prove to have succeeded: what an
// end does not tell stays as it was, success is not taken back, and costs are counted once.
#pragma once
#include <string>

#include "ports/remote_job_store.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

void note_look(Transaction& transaction, const ports::RemoteJobRef& ref, const ports::RemoteNote& note);
bool hurry(Transaction& transaction, const AttemptId& attempt, const std::string& remote_id,
           bool tells_success, TimePoint now);
void end_remote_job(Transaction& transaction, const ports::RemoteJobRef& ref, const ports::RemoteEnd& end,
                    TimePoint now);

}  // namespace darkroom::store
