#include "store/postgres/pg_gauges.h"

namespace darkroom::store {

void add_pg_gauges(Database& db, ports::StoreGauges& gauges) {
    constexpr double ms_per_s = 1'000;
    // Who only reads holds a snapshot (backend_xmin), who writes an id: from either on nothing is removed
    // that died later.
    const auto oldest_ms = db.integer(
        "SELECT CAST(coalesce(max(extract(epoch FROM now() - xact_start) * 1000), 0) AS BIGINT)"
        " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)");
    gauges.oldest_snapshot_s = static_cast<double>(oldest_ms) / ms_per_s;
    auto rows = db.query(
        "SELECT CAST(relname AS TEXT), n_dead_tup FROM pg_stat_user_tables WHERE schemaname = "
        "current_schema()"
        " AND relname IN ('ready', 'backlog', 'delayed', 'inflight', 'flow', 'tallies', 'jobs', 'attempts',"
        " 'remote_jobs', 'webhook_inbox') ORDER BY relname");
    while (rows.next()) gauges.garbage.emplace_back(rows.text(0), rows.integer(1));
}

}  // namespace darkroom::store
