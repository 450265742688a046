// What Postgres tells of itself that an operator of the queue should know: what keeps it from cleaning up,
// and what is left lying.
#pragma once
#include "ports/meters.h"
#include "store/sql/database.h"

namespace darkroom::store {

/// Without the right to see other roles' sessions (pg_read_all_stats) only those of the own role are seen.
void add_pg_gauges(Database& db, ports::StoreGauges& gauges);

}  // namespace darkroom::store
