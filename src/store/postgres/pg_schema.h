// The tables in Postgres, and how a database becomes like the newest one. They are those of SQLite
// (store/sqlite/schema.h tells what each is for), in a schema of their own. What queueing touches is narrow
// and vacuumed by the count of dead rows, never by a share of the table; there are no foreign keys, because
// each would lock a row that somebody else is at work on.
//
// Each step is one transaction, under a lock that only one process at a time can have: a step that was killed
// half-way has not happened. A process may go on with a newer schema than its own as long as that says that
// it is compatible with the process' one, so that nodes can be replaced one after the other.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/job_store.h"
#include "store/postgres/pg_database.h"

namespace darkroom::store {

struct PgStep {
    std::string sql;
    int compatible_from = 1;  // the oldest schema whose programs may go on working on what this makes
};
/// The steps of this Darkroom: the first makes schema 1.
const std::vector<PgStep>& postgres_steps();

struct MigrationStatus {
    int found = 0;            // in the database; 0 = none
    int newest = 0;           // that this Darkroom knows
    int compatible_from = 0;  // of what was found
    std::string copy_begun;   // PgLoader's mark: from where; empty = none, or it came to its end
    bool needs_up() const { return found < newest; }
    bool can_work() const { return found >= newest && compatible_from <= newest; }
};

ports::StoreResult<MigrationStatus> migration_status(const PgSettings& settings);
/// Why the role cannot make the tables, with the statement that mends it; empty = it can.
ports::StoreResult<std::string> what_role_lacks(const PgSettings& settings);
/// Brings the database up to the newest schema; waits for another process that is at it. Running it again
/// changes nothing. A database that only newer Darkrooms can work with is refused.
ports::StoreResult<MigrationStatus> migrate(const PgSettings& settings);
/// With other steps than this Darkroom's, for tests of later ones.
ports::StoreResult<MigrationStatus> migrate(const PgSettings& settings, const std::vector<PgStep>& steps);
/// Why a process that knows `status.newest` must not work on the database, or on what a copy was to bring
/// there; empty = it may.
std::string why_not_this_schema(const MigrationStatus& status);

}  // namespace darkroom::store
