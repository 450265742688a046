// Opening the database file with care: a new one appears complete or not at all, and what is damaged, foreign
// or from a newer Darkroom is refused in a sentence and left as it is. Nothing is ever recreated over
// something that was there.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "store/sqlite/sqlite_database.h"

namespace darkroom::store {

struct FileOptions {
    int cache_kib = 8192;
    std::string vfs;  // empty = SQLite's own
};

/// The one connection that writes and checkpoints. The caller holds the lock file.
ports::StoreResult<std::unique_ptr<SqliteDatabase>> open_for_writing(const std::string& path,
                                                                     const FileOptions& options);

/// A connection that cannot write and never checkpoints: SQLite before 3.51.3 may corrupt a WAL that two
/// connections reset at once (sqlite.org/wal.html). The writer must be open.
ports::StoreResult<std::unique_ptr<SqliteDatabase>> open_for_reading(const std::string& path,
                                                                     const FileOptions& options);

}  // namespace darkroom::store
