// A statement of one connection, prepared under a name, with the rows of its last answer.
#pragma once
#include <libpq-fe.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/postgres/pg_bulk.h"
#include "store/postgres/pg_connection.h"
#include "store/sql/database.h"

namespace darkroom::store {

/// Some rows of an answer, from a column on.
class PgRows : public Cursor {
public:
    /// `result` lives until close().
    void show(const pg_result* result, int first_row, int end_row, int first_column);
    bool next() override { return ++row_ < end_; }
    bool is_null(int column) const override;
    std::int64_t integer(int column) const override;
    std::string_view bytes(int column) const override;
    void close() override { show(nullptr, 0, 0, 0); }

private:
    const pg_result* result_ = nullptr;
    int row_ = -1;
    int end_ = 0;
    int column_ = 0;
    mutable std::deque<std::string> decoded_;  // texts that are held in another form: hardly ever any
};

class PgStatement {
public:
    PgStatement(std::string_view sql, std::int64_t number);
    PgStatement(const PgStatement&) = delete;
    PgStatement& operator=(const PgStatement&) = delete;

    const std::string& sql() const { return sql_; }
    const std::string& text() const { return text_; }
    const char* name() const { return name_.c_str(); }
    const std::vector<std::string>& tables() const { return tables_; }

    void give(PgResult result);
    /// What its parameters are. Without types that an array can be made of, there is no plan any more.
    void describe(const pg_result& description);
    PgResult take() { return std::move(result_); }
    PgRows& rows() { return rows_; }

    bool is_prepared = false;  // or will be, when its answer comes
    std::optional<BulkPlan> plan;
    std::vector<PgArray::Of> types;                  // of its parameters, once they were asked for
    std::map<std::uint64_t, PgStatement*> for_many;  // the same for many rows, by what is the same in all

private:
    const std::string sql_;
    const std::string text_;
    const std::string name_;
    const std::vector<std::string> tables_;
    PgResult result_;
    PgRows rows_;
};

/// The first `count` of these, as one text that no others give.
std::string key_of(std::span<const SqlValue> values, std::size_t count);

}  // namespace darkroom::store
