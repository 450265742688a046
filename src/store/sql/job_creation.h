// The beginning of a job, in one transaction: what was asked before under the same key, the uploads it uses,
// its row, its place in line and the first event; of a chain also its steps.
#pragma once
#include "ports/job_store.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

ports::CreateOutcome create_job(Transaction& transaction, const ports::NewJob& request);

}  // namespace darkroom::store
