// From params of an older version to those of the next. Adding an optional param with a default that keeps
// what was changes no version; renaming, another unit, default or meaning does, and then brings one of these,
// which stays for ever, with its golden files in tests/params/<type>/v<n>.
#pragma once
#include <boost/json/object.hpp>
#include <memory>

#include "recipes/param_schema.h"

namespace darkroom::recipes {

struct ParamUpgrade {
    int from = 1;  // to from + 1
    /// What params of that version had to be; null: the same as today's.
    std::shared_ptr<const ParamSchema> schema;
    /// Pure. Takes params that passed the schema, shorthands and all, defaults not filled; sets no `v`. Null:
    /// both versions mean the same by the same names.
    boost::json::object (*upgrade)(boost::json::object params) = nullptr;
};

}  // namespace darkroom::recipes
