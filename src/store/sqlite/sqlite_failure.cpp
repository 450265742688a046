#include "store/sqlite/sqlite_failure.h"

#include <sqlite3.h>

#include <cerrno>

namespace darkroom::store {

using ports::StoreErrorKind;

StoreErrorKind kind_of(int extended_code, int system_errno) {
    const bool no_space = system_errno == ENOSPC || system_errno == EDQUOT;
    switch (extended_code & 0xff) {
        case SQLITE_FULL:
            return StoreErrorKind::full;
        case SQLITE_IOERR:
            if (extended_code == SQLITE_IOERR_NOMEM) return StoreErrorKind::unavailable;
            // A failed sync leaves unknown what the disk holds, whatever its reason: the kernel may have
            // dropped the pages and the next sync would lie. A failed write or resize for lack of space has
            // lost nothing.
            if (extended_code == SQLITE_IOERR_FSYNC || extended_code == SQLITE_IOERR_DIR_FSYNC)
                return StoreErrorKind::broken;
            return no_space ? StoreErrorKind::full : StoreErrorKind::broken;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_READONLY:
            return StoreErrorKind::broken;
        default:
            return StoreErrorKind::unavailable;
    }
}

SqlFailure sqlite_failure(sqlite3* connection, const std::string& doing) {
    const int code = sqlite3_extended_errcode(connection);
    const auto kind = kind_of(code, sqlite3_system_errno(connection));
    return {kind, doing + ": " + sqlite3_errmsg(connection) + " (SQLite " + std::to_string(code) + ")"};
}

}  // namespace darkroom::store
