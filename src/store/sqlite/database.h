// One SQLite connection with its prepared statements, for one thread at a time. Statements are prepared on
// first use and kept; what fails throws SqlFailure. Knows no table.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "store/sqlite/binding.h"
#include "store/sqlite/sql_failure.h"

struct sqlite3;
struct sqlite3_stmt;

namespace darkroom::store {

/// The rows of a running query. The statement is free again when this goes; one SQL text cannot run twice at
/// the same time.
class Rows {
public:
    explicit Rows(sqlite3_stmt* statement) : statement_(statement) {}
    Rows(Rows&& other) noexcept;
    Rows& operator=(Rows&&) = delete;
    ~Rows();

    /// Moves to the next row; false when there is none.
    bool next();

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    std::string text(int column) const;
    std::string_view bytes(int column) const;  // valid until the next row
    TimePoint time(int column) const { return from_unix_ms(integer(column)); }
    std::optional<TimePoint> optional_time(int column) const;
    std::optional<Milliseconds> optional_duration(int column) const;
    std::optional<std::string> optional_text(int column) const;
    UserId user(int column) const;
    core::Status status(int column) const;
    std::optional<core::ObjectKey> optional_key(int column) const;
    template <class Id>
    Id id(int column) const {
        return Id(uuid(column));
    }
    template <class Id>
    std::optional<Id> optional_id(int column) const {
        if (is_null(column)) return std::nullopt;
        return Id(uuid(column));
    }

private:
    UuidBytes uuid(int column) const;

    sqlite3_stmt* statement_;
};

class Database {
public:
    enum class Use { write, read_only };
    /// `vfs` names another way to the file system; empty = SQLite's own. The file must exist.
    Database(const std::string& path, Use use, const std::string& vfs);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    /// Several statements without parameters or results.
    void execute(const std::string& sql);

    /// One statement that changes something; returns how many rows it changed.
    template <class... Values>
    std::int64_t run(std::string_view sql, const Values&... values) {
        sqlite3_stmt* const statement = prepared(sql);
        bind_all(statement, values...);
        return finish(statement);
    }

    /// Values that SQLite reads in place (ids, texts) must outlive the rows, so temporaries of them do not
    /// compile.
    template <class... Values>
    Rows query(std::string_view sql, Values&&... values) {
        static_assert(((std::is_lvalue_reference_v<Values> || std::is_arithmetic_v<Values>)&&...));
        sqlite3_stmt* const statement = prepared(sql);
        bind_all(statement, values...);
        return Rows(statement);
    }

    /// The first column of the only row.
    template <class... Values>
    std::int64_t integer(std::string_view sql, const Values&... values) {
        auto rows = query(sql, values...);
        return rows.next() ? rows.integer(0) : 0;
    }

    std::int64_t last_row_id() const;
    bool in_transaction() const;
    sqlite3* handle() const { return connection_; }

private:
    sqlite3_stmt* prepared(std::string_view sql);
    static std::int64_t finish(sqlite3_stmt* statement);
    template <class... Values>
    static void bind_all([[maybe_unused]] sqlite3_stmt* statement, const Values&... values) {
        [[maybe_unused]] int index = 0;
        (bind(statement, ++index, values), ...);
    }

    sqlite3* connection_ = nullptr;
    std::unordered_map<std::string_view, sqlite3_stmt*>
        statements_;  // keyed by SQLite's own copy of the text
};

}  // namespace darkroom::store
