// What SQLite's result codes mean for a caller.
#pragma once
#include <string>

#include "store/sql/sql_failure.h"

struct sqlite3;

namespace darkroom::store {

/// What the connection says about the call that just failed.
SqlFailure sqlite_failure(sqlite3* connection, const std::string& doing);

/// What a caller can do about a result code. `extended_code` is SQLite's, `system_errno` what the system
/// said, 0 if nothing.
ports::StoreErrorKind kind_of(int extended_code, int system_errno);

}  // namespace darkroom::store
