// One statement over many rows instead of many over one: how the text of a statement that is run for one key
// becomes that of one for all the keys of a batch. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres/pg_arrays.h"

namespace darkroom::store {

struct BulkPlan {
    /// In the order in which they are done, should several of one table come together.
    enum class Kind { remove, update, insert, select };
    Kind kind = Kind::select;
    std::string table;
    std::size_t keys = 0;        // so many of the first parameters say which row it is
    std::size_t parameters = 0;  // all of them
    std::string text;            // for one, as Postgres reads it

    /// For many: its parameters are arrays, but for those (by bit, from the lowest) that are the same for all
    /// and no keys. A select tells the keys first, in their order.
    std::string for_many(const std::vector<PgArray::Of>& types, std::uint64_t same = 0) const;
};

/// nullopt: this one is always run by itself. `text` is as Postgres reads it.
std::optional<BulkPlan> bulk_plan(const std::string& text);

/// The tables that a statement names, and words that only stand where one could.
std::vector<std::string> tables_in(std::string_view text);

}  // namespace darkroom::store
