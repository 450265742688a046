// One connection to a database with its prepared statements, for one thread at a time: what the rules and the
// rows of this room are written against. Each kind of database brings its own (store/sqlite, store/postgres).
//
// SQL is written so that both understand it: parameters are ? or ?1, no function is only SQLite's, and
// "INDEXED BY …", "NOT INDEXED" and the word CROSS before "JOIN … ON" are hints for SQLite, which has no
// statistics; others leave them out. Statements are prepared on first use and kept. What fails throws
// SqlFailure.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "store/sql/sql_failure.h"
#include "store/sql/sql_value.h"

namespace darkroom::store {

/// A running query, as its connection sees it.
class Cursor {
public:
    virtual bool next() = 0;  // moves to the next row; false when there is none
    virtual bool is_null(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;    // 0 and 1 of what is true or not
    virtual std::string_view bytes(int column) const = 0;  // of texts too; valid until the next row
    virtual void close() = 0;                              // nobody looks at it any more

protected:
    ~Cursor() = default;
};

/// The rows of a running query. One SQL text cannot run twice at the same time.
class Rows {
public:
    explicit Rows(Cursor& cursor) : cursor_(&cursor) {}

    /// Moves to the next row; false when there is none.
    bool next() { return cursor_->next(); }

    bool is_null(int column) const { return cursor_->is_null(column); }
    std::int64_t integer(int column) const { return cursor_->integer(column); }
    std::string text(int column) const { return std::string(bytes(column)); }
    std::string_view bytes(int column) const { return cursor_->bytes(column); }  // valid until the next row
    TimePoint time(int column) const { return from_unix_ms(integer(column)); }
    std::optional<TimePoint> optional_time(int column) const;
    std::optional<Milliseconds> optional_duration(int column) const;
    std::optional<std::string> optional_text(int column) const;
    UserId user(int column) const;
    core::Status status(int column) const;
    std::optional<core::ObjectKey> optional_key(int column) const;
    Sha256Bytes digest(int column) const;
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
    struct Close {
        void operator()(Cursor* cursor) const { cursor->close(); }
    };
    UuidBytes uuid(int column) const;

    std::unique_ptr<Cursor, Close> cursor_;
};

class Database {
public:
    virtual ~Database() = default;

    /// Several statements without parameters or results.
    virtual void execute(const std::string& sql) = 0;

    /// One statement that changes something; returns how many rows it changed.
    template <class... Values>
    std::int64_t run(std::string_view sql, const Values&... values) {
        const std::array<SqlValue, sizeof...(Values)> bound{to_sql(values)...};
        return run_bound(sql, bound);
    }

    /// As run(), where nobody needs to know how many rows it were: a database that is far away may go on with
    /// the next statement meanwhile, and tells of a failure later, before the commit at the latest.
    template <class... Values>
    void post(std::string_view sql, const Values&... values) {
        const std::array<SqlValue, sizeof...(Values)> bound{to_sql(values)...};
        post_bound(sql, bound);
    }

    /// As post(), of a statement that changes exactly one row unless the database holds what Darkroom cannot
    /// have written: then the transaction fails.
    template <class... Values>
    void change_one(std::string_view sql, const Values&... values) {
        const std::array<SqlValue, sizeof...(Values)> bound{to_sql(values)...};
        change_one_bound(sql, bound);
    }

    /// Values that are read in place (ids, texts) must outlive the rows, so temporaries of them do not
    /// compile.
    template <class... Values>
    Rows query(std::string_view sql, Values&&... values) {
        static_assert(((std::is_lvalue_reference_v<Values> || std::is_arithmetic_v<Values>)&&...));
        const std::array<SqlValue, sizeof...(Values)> bound{to_sql(values)...};
        return Rows(query_bound(sql, bound));
    }

    /// The first column of the only row.
    template <class... Values>
    std::int64_t integer(std::string_view sql, const Values&... values) {
        const std::array<SqlValue, sizeof...(Values)> bound{to_sql(values)...};
        Rows rows(query_bound(sql, bound));
        return rows.next() ? rows.integer(0) : 0;
    }

    /// The seq of a job about to be inserted; larger than all that this connection drew before.
    virtual std::int64_t draw_job_seq() = 0;
    /// What a query ends with that reads rows in order to change them: " FOR UPDATE" where others may write
    /// at the same time.
    virtual std::string_view to_change_them() const = 0;
    /// Until the transaction ends, no other process claims what this text names.
    virtual void claim_alone(std::string_view /*what*/) {}
    /// A query that is about to be run for each of these keys, one after the other: a database that is far
    /// away may ask for all of them at once. `keys` are as many values for each as the query has parameters.
    virtual void foresee(std::string_view /*sql*/, std::span<const SqlValue> /*keys*/,
                         std::size_t /*keys_of_one*/) {}
    /// A virtual time before which nobody stands in the line of this kind of backend, as far as is known:
    /// what has left the line need not be walked over.
    virtual std::int64_t line_mark(const std::string& /*backend*/) {
        return std::numeric_limits<std::int64_t>::min();
    }
    /// Attempts in flight at an endpoint, for whoever claims alone for it.
    virtual std::int64_t count_inflight(const std::string& endpoint);
    virtual bool in_transaction() const = 0;

    /// One snapshot for all that is read until end_reading().
    virtual void begin_reading() = 0;
    virtual void end_reading() noexcept = 0;

private:
    virtual std::int64_t run_bound(std::string_view sql, std::span<const SqlValue> values) = 0;
    virtual void post_bound(std::string_view sql, std::span<const SqlValue> values) = 0;
    virtual void change_one_bound(std::string_view sql, std::span<const SqlValue> values);
    virtual Cursor& query_bound(std::string_view sql, std::span<const SqlValue> values) = 0;
};

}  // namespace darkroom::store
