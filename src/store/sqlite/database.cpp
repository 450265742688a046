#include "store/sqlite/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace darkroom::store {

namespace {

void check_bound(sqlite3_stmt* statement, int code) {
    if (code != SQLITE_OK) throw SqlFailure::of(sqlite3_db_handle(statement), "binding a value");
}

// SQLite's clean state between two uses: no locks, no pointers into memory that is about to go.
void release(sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

SqlFailure failure_of(sqlite3_stmt* statement) {
    return SqlFailure::of(sqlite3_db_handle(statement), sqlite3_sql(statement));
}

}  // namespace

void bind_integer(sqlite3_stmt* statement, int index, std::int64_t value) {
    check_bound(statement, sqlite3_bind_int64(statement, index, value));
}

// The values outlive the statement's run (see Database), so SQLite need not copy them. An empty view may
// point nowhere, which SQLite would take for NULL.
void bind_text(sqlite3_stmt* statement, int index, std::string_view text) {
    const char* const data = text.data() == nullptr ? "" : text.data();
    check_bound(statement,
                sqlite3_bind_text64(statement, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void bind_blob(sqlite3_stmt* statement, int index, std::span<const std::uint8_t> bytes) {
    check_bound(statement, sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC));
}

void bind_null(sqlite3_stmt* statement, int index) {
    check_bound(statement, sqlite3_bind_null(statement, index));
}

Rows::Rows(Rows&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

Rows::~Rows() {
    if (statement_ != nullptr) release(statement_);
}

bool Rows::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw failure_of(statement_);
}

bool Rows::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::int64_t Rows::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Rows::bytes(int column) const {
    const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string_view() : std::string_view(data, size);
}

std::string Rows::text(int column) const { return std::string(bytes(column)); }

std::optional<TimePoint> Rows::optional_time(int column) const {
    if (is_null(column)) return std::nullopt;
    return time(column);
}

std::optional<Milliseconds> Rows::optional_duration(int column) const {
    if (is_null(column)) return std::nullopt;
    return Milliseconds(integer(column));
}

std::optional<std::string> Rows::optional_text(int column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

UserId Rows::user(int column) const {
    auto user = UserId::parse(bytes(column));
    if (!user) throw SqlFailure::damaged("a user id");
    return *std::move(user);
}

core::Status Rows::status(int column) const {
    const auto status = core::parse_status(bytes(column));
    if (!status) throw SqlFailure::damaged("a status");
    return *status;
}

std::optional<core::ObjectKey> Rows::optional_key(int column) const {
    if (is_null(column)) return std::nullopt;
    auto key = core::ObjectKey::parse(bytes(column));
    if (!key) throw SqlFailure::damaged("an object key");
    return key;
}

UuidBytes Rows::uuid(int column) const {
    const auto blob = bytes(column);
    UuidBytes id{};
    if (blob.size() != id.size()) throw SqlFailure::damaged("an id");
    std::copy(blob.begin(), blob.end(), id.begin());
    return id;
}

Database::Database(const std::string& path, Use use, const std::string& vfs) {
    const int access = use == Use::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    const int code =
        sqlite3_open_v2(path.c_str(), &connection_, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                        vfs.empty() ? nullptr : vfs.c_str());
    if (code == SQLITE_OK) return;
    const auto failure = connection_ == nullptr
                             ? SqlFailure(ports::StoreErrorKind::unavailable, "no memory for SQLite")
                             : SqlFailure::of(connection_, "opening " + path);
    sqlite3_close_v2(connection_);
    throw failure;
}

Database::~Database() {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    // SQLITE_BUSY would mean a statement outside this class.
    DR_CHECK(sqlite3_close(connection_) == SQLITE_OK);
}

void Database::execute(const std::string& sql) {
    if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw SqlFailure::of(connection_, sql.substr(0, 80));
    }
}

sqlite3_stmt* Database::prepared(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) {
        DR_CHECK(sqlite3_stmt_busy(found->second) == 0);
        return found->second;
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) throw SqlFailure::of(connection_, "preparing " + std::string(sql));
    statements_.emplace(sqlite3_sql(statement), statement);
    return statement;
}

std::int64_t Database::finish(sqlite3_stmt* statement) {
    const Rows rows(statement);  // releases it on every way out
    const int code = sqlite3_step(statement);
    if (code != SQLITE_DONE && code != SQLITE_ROW) throw failure_of(statement);
    return sqlite3_changes64(sqlite3_db_handle(statement));
}

std::int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(connection_); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

}  // namespace darkroom::store
