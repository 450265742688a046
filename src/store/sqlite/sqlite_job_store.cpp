#include "store/sqlite/sqlite_job_store.h"

#include <sqlite3.h>

#include <mutex>

#include "base/check.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/sqlite_write_side.h"

namespace darkroom::store {

using ports::StoreResult;

namespace {

// SQLite's count of its own memory is one lock that all connections share.
void drop_shared_lock() {
    static std::once_flag once;
    std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

// Whoever had the file before is gone, or the lock could not have been taken.
StoreResult<void> enter(SqliteDatabase& db, ports::Node& node) {
    try {
        node.started_at = node.seen_at =
            from_unix_ms(db.integer("SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"));
        db.execute("BEGIN IMMEDIATE");
        db.run("DELETE FROM nodes");
        db.run("INSERT INTO nodes (id, name, role, version, started_at, seen_at) VALUES (?, ?, ?, ?, ?, ?)",
               node.id, node.name, node.role, node.version, node.started_at, node.seen_at);
        db.execute("COMMIT");
    } catch (const SqlFailure& failure) {
        return Fail(failure.error());
    }
    return {};
}

}  // namespace

StoreResult<std::unique_ptr<SqliteJobStore>> SqliteJobStore::open(const std::string& path,
                                                                  ports::Random& random,
                                                                  const Options& options) {
    DR_CHECK(options.readers > 0);
    drop_shared_lock();
    auto lock = LockFile::take(path + ".lock");
    if (!lock) return Fail(std::move(lock).error());
    auto writer = open_for_writing(path, {options.writer_cache_kib, options.vfs});
    if (!writer) return Fail(std::move(writer).error());
    std::vector<std::unique_ptr<Database>> readers;
    for (int i = 0; i < options.readers; ++i) {
        auto reader = open_for_reading(path, {options.reader_cache_kib, options.vfs});
        if (!reader) return Fail(std::move(reader).error());
        readers.push_back(*std::move(reader));
    }
    ports::Node node{.id = random.id<NodeId>(),
                     .name = options.node.name,
                     .role = options.node.role,
                     .version = options.node.version,
                     .started_at = {},
                     .seen_at = {},
                     .is_alive = true,
                     .leads = true,
                     .is_this = true};
    auto entered = enter(**writer, node);
    if (!entered) return Fail(std::move(entered).error());
    std::unique_ptr<SqliteJobStore> store(new SqliteJobStore(
        *std::move(lock), *std::move(writer), std::move(readers), std::move(node), random, options));
    const auto counted = store->recount_flow();
    if (!counted) return Fail(counted.error());
    return store;
}

StoreResult<std::unique_ptr<SqliteJobStore>> SqliteJobStore::open(const std::string& path,
                                                                  ports::Random& random) {
    return open(path, random, Options());
}

SqliteJobStore::SqliteJobStore(LockFile lock, std::unique_ptr<SqliteDatabase> writer,
                               std::vector<std::unique_ptr<Database>> readers, ports::Node node,
                               ports::Random& random, const Options& options)
    : SqlJobStore(random),
      lock_(std::move(lock)),
      node_(std::move(node)),
      writer_(std::make_unique<SqliteWriteSide>(std::move(writer), node_.id, options.checkpoint_pages),
              options.writer),
      readers_(std::move(readers), options.reader_wait) {}

StoreResult<void> SqliteJobStore::limit_file(std::int64_t pages_max) {
    const auto limited = writer_.run([pages_max](Transaction& transaction) {
        transaction.db.execute("PRAGMA max_page_count = " + std::to_string(pages_max));
        return true;
    });
    if (!limited) return Fail(limited.error());
    return {};
}

}  // namespace darkroom::store
