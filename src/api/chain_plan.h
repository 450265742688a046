// A chain checked as a whole: each step's type, params, recipe and backend, and what it takes from which
// earlier one. Out come the jobs that the steps are.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "api/job_plan.h"

namespace darkroom::api {

struct ChainRequest {
    const recipes::Chain& chain;
    boost::json::object own_params;  // of a recipe: what it exposes and the client gave; empty = inline
    std::string backend;             // that the client asks for
    std::size_t inputs = 1;
    bool is_inline = true;  // problems point into /steps; else into the params that the recipe exposes
};

struct ChainPlan {
    std::vector<core::Job> steps;  // type, backend, params, recipe and step of place; ids are the caller's
    std::vector<core::ChainOutput> outputs;
    std::size_t inputs_max = 1;             // that the first step looks at
    std::optional<std::string> mask_input;  // of the first step
    std::string mask_pointer;
    std::optional<double> megapixels_max;  // of each input, by the first step
    std::string params_json;               // of the steps as sent, for the chain itself
    std::string params_effective_json;
};

Result<ChainPlan, std::vector<FieldProblem>> plan_chain(ApiContext& context, const recipes::RecipeBook& book,
                                                        const ChainRequest& request);

}  // namespace darkroom::api
