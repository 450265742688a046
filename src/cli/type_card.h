// A job type's params in words, from the JSON Schema that the server gives. Pure.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace darkroom::cli {

/// For each param a line "name  values, default x" and one that says what it means. Objects are flattened:
/// halo.mode.
std::vector<std::string> param_lines(const boost::json::object& params_schema);

/// The recipes of a type as GET /types tells them: the first one that is usable is what a job gets. Steps, if
/// it is a chain.
std::vector<std::string> recipe_lines(const boost::json::object& type);

}  // namespace darkroom::cli
