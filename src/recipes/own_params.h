// The params of a type of an operator's own, as its recipe declares them: JSON Schema, narrowed to what
// params need. RapidJSON's validator does the checking of values (leaf_rule.h); what it would take silently,
// because it does not know it, is found here first.
#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

namespace darkroom::recipes {

struct SchemaProblem {
    std::string param;
    std::string detail;  // a sentence without its full stop
};

/// `params` is name → schema of one param. Empty: own_params_schema() is safe to prepare as a ParamSchema.
std::vector<SchemaProblem> check_own_params(const boost::json::object& params);

/// The whole schema, draft 4. Call it only with checked params.
boost::json::object own_params_schema(const boost::json::object& params);

/// The schema of a param by its name, or "shadow.mode" for a part; null if there is none.
const boost::json::object* schema_of_param(const boost::json::object& properties, std::string_view name);

}  // namespace darkroom::recipes
