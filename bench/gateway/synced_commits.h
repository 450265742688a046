// The yardstick for durable work: how many commits of one small row a single thread gets onto this disk in a
// second, with the store's own settings for SQLite.
#pragma once
#include <filesystem>
#include <memory>

#include "base/time.h"
#include "store/sqlite/sqlite_database.h"

namespace darkroom::bench {

class SyncedCommits {
public:
    /// Makes a database in `folder` and brings its log to the size at which the store's own goes round:
    /// overwriting blocks is cheaper to sync than a growing file, and the comparison is to be a hard one.
    explicit SyncedCommits(const std::filesystem::path& folder);

    double per_second(Milliseconds duration);

private:
    void commit_one();
    void rewind_log();

    std::unique_ptr<store::SqliteDatabase> db_;
};

}  // namespace darkroom::bench
