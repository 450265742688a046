#include "store/sqlite/sqlite_database.h"

#include <sqlite3.h>

#include "base/check.h"
#include "base/log.h"
#include "store/sqlite/sqlite_failure.h"

namespace darkroom::store {
namespace {

// The values outlive the statement's run (see Database), so SQLite need not copy them. An empty view may
// point nowhere, which SQLite would take for NULL.
int bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
    const char* const data = value.data.data() == nullptr ? "" : value.data.data();
    switch (value.kind) {
        case SqlValue::Kind::null:
            return sqlite3_bind_null(statement, index);
        case SqlValue::Kind::integer:
            return sqlite3_bind_int64(statement, index, value.integer);
        case SqlValue::Kind::text:
            return sqlite3_bind_text64(statement, index, data, value.data.size(), SQLITE_STATIC, SQLITE_UTF8);
        case SqlValue::Kind::bytes:
            return sqlite3_bind_blob64(statement, index, data, value.data.size(), SQLITE_STATIC);
    }
    DR_CHECK(false);
}

}  // namespace

class SqliteDatabase::Statement final : public Cursor {
public:
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement() { sqlite3_finalize(statement_); }

    std::string_view sql() const { return sqlite3_sql(statement_); }
    void begin(std::span<const SqlValue> values) {
        DR_CHECK(sqlite3_stmt_busy(statement_) == 0);
        int index = 0;
        for (const auto& value : values) {
            if (bind(statement_, ++index, value) != SQLITE_OK) throw failure("binding a value");
        }
    }

    bool next() override {
        const int code = sqlite3_step(statement_);
        if (code == SQLITE_ROW) return true;
        if (code == SQLITE_DONE) return false;
        throw failure(sqlite3_sql(statement_));
    }
    bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
    std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
    std::string_view bytes(int column) const override {
        const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
        return data == nullptr ? std::string_view() : std::string_view(data, size);
    }
    // SQLite's clean state between two uses: no locks, no pointers into memory that is about to go.
    void close() override {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }

private:
    SqlFailure failure(const std::string& doing) const {
        return sqlite_failure(sqlite3_db_handle(statement_), doing);
    }

    sqlite3_stmt* statement_;
};

SqliteDatabase::SqliteDatabase(const std::string& path, Use use, const std::string& vfs) {
    const int access = use == Use::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    const int code =
        sqlite3_open_v2(path.c_str(), &connection_, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                        vfs.empty() ? nullptr : vfs.c_str());
    if (code == SQLITE_OK) return;
    const auto failure = connection_ == nullptr
                             ? SqlFailure(ports::StoreErrorKind::unavailable, "no memory for SQLite")
                             : sqlite_failure(connection_, "opening " + path);
    sqlite3_close_v2(connection_);
    throw failure;
}

SqliteDatabase::~SqliteDatabase() {
    statements_.clear();
    // SQLITE_BUSY would mean a statement outside this class.
    DR_CHECK(sqlite3_close(connection_) == SQLITE_OK);
}

void SqliteDatabase::execute(const std::string& sql) {
    if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw sqlite_failure(connection_, sql.substr(0, 80));
    }
}

void SqliteDatabase::forget_statements() { statements_.clear(); }

SqliteDatabase::Statement& SqliteDatabase::bound(std::string_view sql, std::span<const SqlValue> values) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        sqlite3_stmt* prepared = nullptr;
        const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                            SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
        if (code != SQLITE_OK) throw sqlite_failure(connection_, "preparing " + std::string(sql));
        auto statement = std::make_unique<Statement>(prepared);
        const auto text = statement->sql();
        found = statements_.emplace(text, std::move(statement)).first;
    }
    found->second->begin(values);
    return *found->second;
}

std::int64_t SqliteDatabase::run_bound(std::string_view sql, std::span<const SqlValue> values) {
    Rows rows(bound(sql, values));  // releases it on every way out
    (void)rows.next();
    return sqlite3_changes64(connection_);
}

void SqliteDatabase::post_bound(std::string_view sql, std::span<const SqlValue> values) {
    (void)run_bound(sql, values);
}

Cursor& SqliteDatabase::query_bound(std::string_view sql, std::span<const SqlValue> values) {
    return bound(sql, values);
}

// What AUTOINCREMENT would give; nobody else writes.
std::int64_t SqliteDatabase::draw_job_seq() {
    return integer("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'jobs' UNION ALL SELECT 1 LIMIT 1");
}

// Ending a transaction that only read cannot lose anything.
void SqliteDatabase::end_reading() noexcept {
    try {
        if (in_transaction()) execute("COMMIT");
    } catch (const SqlFailure& failure) {
        log::warning("a reading connection could not end its snapshot", {{"detail", failure.what()}});
    }
}

std::int64_t SqliteDatabase::last_row_id() const { return sqlite3_last_insert_rowid(connection_); }
bool SqliteDatabase::in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

}  // namespace darkroom::store
