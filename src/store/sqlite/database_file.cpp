#include "store/sqlite/database_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "base/unique_fd.h"
#include "store/sqlite/schema.h"

namespace darkroom::store {
namespace {

namespace fs = std::filesystem;
using ports::StoreErrorKind;

constexpr std::string_view file_magic("SQLite format 3\0", 16);
constexpr std::int64_t wal_bytes_kept = 64 << 20;  // a WAL that grew is cut back to this when it starts over

SqlFailure system_failure(const std::string& doing) {
    const int error = errno;
    const auto kind = error == ENOSPC || error == EDQUOT ? StoreErrorKind::full : StoreErrorKind::unavailable;
    return {kind, doing + ": " + std::generic_category().message(error)};
}

void sync_path(const std::string& path, int flags) {
    const UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) throw system_failure("syncing " + path);
}

// Built beside its final name and renamed when complete, so an empty file at that name is always damage,
// never a start that was cut short. No sync on the way: only the last one counts.
void create(const std::string& path, const FileOptions& options) {
    const auto draft = path + ".new";
    for (const char* const ending : {"", "-wal", "-shm", "-journal"}) fs::remove(draft + ending);
    const UniqueFd file(::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) throw system_failure("creating " + draft);
    {
        SqliteDatabase db(draft, SqliteDatabase::Use::write, options.vfs);
        db.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
        migrate(db);
        db.execute("PRAGMA journal_mode = WAL");
    }
    sync_path(draft, O_RDWR);
    if (::rename(draft.c_str(), path.c_str()) != 0) throw system_failure("renaming " + draft);
    const auto folder = fs::path(path).parent_path();
    sync_path(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY);
}

SqlFailure refusal(const std::string& why) { return {StoreErrorKind::broken, why}; }

void check_looks_like_sqlite(const std::string& path) {
    std::array<char, file_magic.size()> head{};
    std::ifstream file(path, std::ios::binary);
    file.read(head.data(), head.size());
    if (file.gcount() == 0)
        throw refusal(path + " is empty, so it has been damaged; restore a backup or move it away");
    if (!file || std::string_view(head.data(), head.size()) != file_magic) {
        throw refusal(path + " is not a Darkroom database: it does not begin like one; it was left as it is");
    }
}

// Looks only, so that a file that is not ours stays as it is.
void check_is_ours(SqliteDatabase& db, const std::string& path) {
    if (db.integer("PRAGMA application_id") != application_id) {
        throw refusal(path + " is a database of another program; it was left as it is");
    }
    const auto schema = db.integer("PRAGMA user_version");
    if (schema > newest_schema()) {
        throw refusal(path + " was written by a newer Darkroom (schema " + std::to_string(schema) +
                      ", this one knows up to " + std::to_string(newest_schema()) + "); use that version");
    }
}

void check_is_whole(SqliteDatabase& db, const std::string& path) {
    auto rows = db.query("PRAGMA quick_check(1)");
    if (!rows.next()) throw refusal(path + " could not be checked");
    if (const auto finding = rows.text(0); finding != "ok") {
        throw refusal(path + " is damaged (" + finding + "); restore a backup; it was left as it is");
    }
}

void set_limits(SqliteDatabase& db, const FileOptions& options) {
    sqlite3_busy_timeout(db.handle(), 5'000);
    db.execute(
        "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA trusted_schema = "
        "OFF");
    db.execute(
        "PRAGMA wal_autocheckpoint = 0");  // GroupWriter checkpoints by itself and looks at the outcome
    db.execute("PRAGMA cache_size = -" + std::to_string(options.cache_kib));
}

std::unique_ptr<SqliteDatabase> open_checked(const std::string& path, const FileOptions& options) {
    if (!fs::exists(path)) {
        // SQLite would throw such a WAL away, with every commit in it.
        if (fs::exists(path + "-wal"))
            throw refusal(path + " is missing, but its " + path + "-wal is there; restore both");
        create(path, options);
    }
    check_looks_like_sqlite(path);
    auto db = std::make_unique<SqliteDatabase>(path, SqliteDatabase::Use::write, options.vfs);
    set_limits(*db, options);
    check_is_ours(*db, path);
    check_is_whole(*db, path);
    db->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    // Queue rows hold nothing worth wiping, and Debian's SQLite wipes by default.
    db->execute("PRAGMA secure_delete = OFF; PRAGMA journal_size_limit = " + std::to_string(wal_bytes_kept));
    migrate(*db);
    db->forget_statements();  // that of the check alone is 80 KiB
    return db;
}

// Whatever SQLite finds wrong while a file is opened is said about that file.
template <class Work>
auto told(const std::string& path, const Work& work) -> ports::StoreResult<decltype(work())> {
    try {
        return work();
    } catch (const SqlFailure& failure) {
        auto error = failure.error();
        if (error.detail.find(path) == std::string::npos) {
            error.detail = error.kind == StoreErrorKind::broken
                               ? path + " is damaged or unreadable (" + error.detail +
                                     "); restore a backup; it was left as it is"
                               : path + " cannot be used: " + error.detail;
        }
        return Fail(std::move(error));
    } catch (const fs::filesystem_error& failure) {
        return Fail(ports::StoreError{StoreErrorKind::unavailable, failure.what()});
    }
}

}  // namespace

ports::StoreResult<std::unique_ptr<SqliteDatabase>> open_for_writing(const std::string& path,
                                                                     const FileOptions& options) {
    return told(path, [&] { return open_checked(path, options); });
}

ports::StoreResult<std::unique_ptr<SqliteDatabase>> open_for_reading(const std::string& path,
                                                                     const FileOptions& options) {
    return told(path, [&] {
        auto db = std::make_unique<SqliteDatabase>(path, SqliteDatabase::Use::read_only, options.vfs);
        set_limits(*db, options);
        sqlite3_db_config(db->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        db->execute("PRAGMA query_only = ON");
        return db;
    });
}

}  // namespace darkroom::store
