#include "store/sqlite/sqlite_write_side.h"

#include <sqlite3.h>

#include <algorithm>

#include "base/log.h"
#include "store/sqlite/sqlite_failure.h"

namespace darkroom::store {

SqliteWriteSide::SqliteWriteSide(std::unique_ptr<SqliteDatabase> db, const NodeId& node, int checkpoint_pages)
    : db_(std::move(db)),
      node_(node),
      checkpoint_pages_(checkpoint_pages),
      next_checkpoint_(checkpoint_pages) {
    const auto remember_pages = [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(db_->handle(), remember_pages, &wal_pages_);
}

// There is one writer, so there is nothing to lock.
void SqliteWriteSide::begin(const std::vector<Touched>& /*touched*/) { db_->run("BEGIN IMMEDIATE"); }

void SqliteWriteSide::roll_back() {
    if (db_->in_transaction()) db_->execute("ROLLBACK");
}

// Passive, because it lets readers be. Only if readers have kept the WAL from starting over for very long
// does the writer wait for them (bounded by the busy time-out), so that the file cannot grow without end.
std::optional<ports::StoreError> SqliteWriteSide::tidy_up() {
    if (wal_pages_ < next_checkpoint_) return std::nullopt;
    const bool overdue = wal_pages_ > 5 * checkpoint_pages_;
    int pages = 0;
    int moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(
        db_->handle(), nullptr, overdue ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, &pages,
        &moved);
    // If all has moved, the next commit starts the WAL over; if readers were in the way, try again a little
    // later. Whoever was waited for in vain is a long reader (a dump, a backup): the next wait comes when the
    // WAL has grown by a quarter, else it would be every 1,000 pages.
    const int step = std::max(checkpoint_pages_, overdue ? wal_pages_ : 0) / 4;
    next_checkpoint_ = code == SQLITE_OK && moved == pages ? checkpoint_pages_ : wal_pages_ + step;
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        return std::nullopt;
    const auto failure = sqlite_failure(db_->handle(), "moving the write-ahead log into the database");
    log::warning("checkpoint failed", {{"detail", failure.what()}});
    if (failure.kind() != ports::StoreErrorKind::broken) return std::nullopt;
    return failure.error();
}

}  // namespace darkroom::store
