// Why SQLite did not do something. Inside this room it travels as an exception, because any statement may
// meet a full disk and none can go on after it; the writer and the reader pool catch it, so nothing outside
// the room ever sees it.
#pragma once
#include <stdexcept>
#include <string>

#include "ports/job_store.h"

struct sqlite3;

namespace darkroom::store {

class SqlFailure : public std::runtime_error {
public:
    /// What the connection says about the call that just failed.
    static SqlFailure of(sqlite3* connection, const std::string& doing);
    /// Rows that no Darkroom can have written.
    static SqlFailure damaged(const std::string& detail);

    SqlFailure(ports::StoreErrorKind kind, const std::string& detail)
        : std::runtime_error(detail), kind_(kind) {}

    ports::StoreErrorKind kind() const { return kind_; }
    ports::StoreError error() const { return {kind_, what()}; }

private:
    ports::StoreErrorKind kind_;
};

/// What a caller can do about a result code. `extended_code` is SQLite's, `system_errno` what the system
/// said, 0 if nothing.
ports::StoreErrorKind kind_of(int extended_code, int system_errno);

}  // namespace darkroom::store
