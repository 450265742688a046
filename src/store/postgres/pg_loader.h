// Fills an empty Darkroom schema with rows from elsewhere: all of them in one transaction, so that a load
// which was cut off has not happened. A mark in table settings says so meanwhile, and stays where a load was
// killed: no gateway starts on what looks new and is not (pg_schema.h). For a command; blocks, without
// pipeline.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/postgres/pg_connection.h"
#include "store/sql/database.h"

namespace darkroom::store {

struct PgColumn {
    std::string name;
    std::string type;  // as information_schema calls it
};

class PgLoader {
public:
    /// Refuses, with a sentence, a schema that holds jobs, uploads or keys, or that a node is at work on. Its
    /// tables must be there (pg_schema.h). `from` is told to those who find the mark.
    static Result<std::unique_ptr<PgLoader>, std::string> begin(const PgSettings& settings,
                                                                const std::string& from);
    /// Takes the mark away, unless it is what was killed. Whatever was loaded without finish() is gone.
    ~PgLoader();
    PgLoader(const PgLoader&) = delete;
    PgLoader& operator=(const PgLoader&) = delete;

    /// Those that hold what jobs are, not who looks after them.
    std::vector<std::string> tables();
    std::vector<PgColumn> columns(const std::string& table);
    /// All rows, which have these columns in this order; how many they were.
    Result<std::int64_t, std::string> load(const std::string& table, const std::vector<PgColumn>& columns,
                                           Rows& rows);
    /// Numbers that are drawn go on behind what was loaded; then all of it is kept.
    Result<void, std::string> finish();

private:
    explicit PgLoader(PgSettings settings) : connection_(std::move(settings)) {}
    Result<void, std::string> start(const std::string& from);
    Result<void, std::string> lock_if_empty();
    Result<void, std::string> run(const std::string& sql);
    std::vector<std::vector<std::string>> ask(const std::string& sql);
    std::string trouble() const;

    PgConnection connection_;
    bool is_marked_ = false;
};

}  // namespace darkroom::store
