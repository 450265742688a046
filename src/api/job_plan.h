// How a job will be done: from a type and its params to a recipe, a backend and complete params, by the book
// of recipes in use. Creating a job, another attempt at one, and each step of a chain come by here.
#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/context.h"
#include "api/problem.h"
#include "recipes/recipe_book.h"

namespace darkroom::api {

struct PlanRequest {
    std::string type;
    const boost::json::object& params;
    std::string backend;     // that the client asks for; empty = the deployment's choice
    std::size_t inputs = 1;  // pictures that come with the job
};

struct JobPlan {
    ports::WorkPlan work;
    const recipes::Chain* chain = nullptr;  // of a type that is one; lives as long as the book
    std::size_t inputs_max = 1;             // more would not be looked at
    std::optional<double> megapixels_max;   // of each input; unset: what is built in takes all that come in
    std::optional<std::string> mask_input;  // name of the input that region.mask means
    std::vector<std::string> roles;         // of the outputs that there can be
};

/// Pointers are as if `type` and `params` were members of the request itself.
Result<JobPlan, std::vector<FieldProblem>> plan_job(ApiContext& context, const recipes::RecipeBook& book,
                                                    const PlanRequest& request);

/// What is wrong with a type that is not there, with the one that was probably meant.
FieldProblem unknown_type(const recipes::RecipeBook& book, const std::string& type);

}  // namespace darkroom::api
