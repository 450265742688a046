// Whether what answers at a URL keeps a client on one session of Postgres. A pooler in transaction mode does
// not: settings, locks of a session, prepared statements and LISTEN would be somebody else's in the next
// transaction.
#pragma once
#include <string>

#include "ports/job_store.h"
#include "store/postgres/pg_connection.h"

namespace darkroom::store {

enum class Pooling { none, by_transaction };

/// With two connections of its own.
ports::StoreResult<Pooling> probe_pooler(const PgSettings& settings);
/// What an operator whose pooler works by transaction is told.
std::string why_not_by_transaction();
/// Fails with that, or because nothing answers there.
ports::StoreResult<void> demand_sessions(const PgSettings& settings);

}  // namespace darkroom::store
