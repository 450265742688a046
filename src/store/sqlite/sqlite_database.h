// One SQLite connection. Knows no table but that of jobs, whose seqs it draws.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/sql/database.h"

struct sqlite3;

namespace darkroom::store {

class SqliteDatabase final : public Database {
public:
    enum class Use { write, read_only };
    /// `vfs` names another way to the file system; empty = SQLite's own. The file must exist.
    SqliteDatabase(const std::string& path, Use use, const std::string& vfs);
    SqliteDatabase(const SqliteDatabase&) = delete;
    SqliteDatabase& operator=(const SqliteDatabase&) = delete;
    ~SqliteDatabase() override;

    void execute(const std::string& sql) override;
    std::int64_t draw_job_seq() override;
    std::string_view to_change_them() const override { return ""; }
    bool in_transaction() const override;
    void begin_reading() override { execute("BEGIN"); }
    void end_reading() noexcept override;

    /// Statements are kept for the next time they are needed. For a time when none is in use.
    void forget_statements();

    std::int64_t last_row_id() const;
    sqlite3* handle() const { return connection_; }

private:
    class Statement;

    Statement& bound(std::string_view sql, std::span<const SqlValue> values);
    std::int64_t run_bound(std::string_view sql, std::span<const SqlValue> values) override;
    void post_bound(std::string_view sql, std::span<const SqlValue> values) override;
    Cursor& query_bound(std::string_view sql, std::span<const SqlValue> values) override;

    sqlite3* connection_ = nullptr;
    // Keyed by SQLite's own copy of the text.
    std::unordered_map<std::string_view, std::unique_ptr<Statement>> statements_;
};

}  // namespace darkroom::store
