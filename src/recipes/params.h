// From the params that a client sent to those that a job runs with. Pure: the only randomness is handed in.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "recipes/param_problem.h"
#include "recipes/type_catalogue.h"

namespace darkroom::recipes {

struct CheckedParams {
    std::string sent_json;       // as sent, with v written out; sorted, no blanks
    std::string effective_json;  // complete: defaults filled, shorthands written out, seed drawn, a pinned
                                 // recipe with its version
    std::string recipe;          // id@version that will do it
};

/// At most 32 problems, in the order of the request; never empty on failure. Effective params pass as params
/// and come out unchanged, so that any job can be repeated exactly. 8.0 counts as the whole number 8.
/// `backend` is the kind of endpoint that the client asked for, empty for any.
Result<CheckedParams, std::vector<ParamProblem>> check_params(const JobType& type,
                                                              const boost::json::object& sent,
                                                              std::uint64_t random_for_seed,
                                                              std::string_view backend = {});

}  // namespace darkroom::recipes
