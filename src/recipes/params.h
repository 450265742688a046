// From the params that a client sent to those that a job runs with. Pure: the only randomness is handed in.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "recipes/param_problem.h"
#include "recipes/recipe_choice.h"
#include "recipes/type_catalogue.h"

namespace darkroom::recipes {

struct CheckedParams {
    std::string sent_json;       // as sent, with its own v written out; sorted, no blanks
    std::string effective_json;  // complete: defaults filled, shorthands written out, seed drawn, a pinned
                                 // recipe with its version
    std::string recipe;          // id@version that will do it
    std::string recipe_digest;   // empty = built in
    std::string models_json = "[]";
    std::string engine;   // of the recipe; chain: its steps do it (RecipeBook::find has them)
    std::string backend;  // that will do it; empty where it does not matter
};

/// At most 32 problems, in the order of the request; never empty on failure. Effective params pass as params
/// and come out unchanged, so that any job can be repeated exactly. 8.0 counts as the whole number 8. Params
/// of an older version are checked as such, then upgraded; without `v` they are of the oldest.
Result<CheckedParams, std::vector<ParamProblem>> check_params(const JobType& type,
                                                              const boost::json::object& sent,
                                                              std::uint64_t random_for_seed,
                                                              const Places& places = {});

/// Of a job for one kind of backend, empty for any.
inline Result<CheckedParams, std::vector<ParamProblem>> check_params(const JobType& type,
                                                                     const boost::json::object& sent,
                                                                     std::uint64_t random_for_seed,
                                                                     std::string_view backend) {
    return check_params(type, sent, random_for_seed, Places{{}, std::string(backend)});
}

}  // namespace darkroom::recipes
