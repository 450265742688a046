// Which recipe does a job, and where, from what its params ask for and what is set up; and which one is tried
// when that one cannot be run.
#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "recipes/param_problem.h"
#include "recipes/type_catalogue.h"

namespace darkroom::recipes {

/// Where a job can go.
struct Places {
    std::vector<std::string> set_up = {};  // kinds of backends, the deployment's first choice first; none: it
                                           // does not matter, and no backend is chosen
    std::string named = {};                // by the client; empty: any of them
    std::size_t inputs = 1;                // pictures that come with the job
    std::vector<std::string> workflows_only = {};  // of set_up, those that cannot do what is built in: their
                                                   // workers are not Darkroom's

    /// Whether a backend of this kind can do it here.
    bool can_do(const Recipe& recipe, std::string_view backend) const;
};

struct RecipeChoice {
    const Recipe* recipe = nullptr;  // of the type that was asked
    std::string backend;             // empty where it does not matter
};

/// The pinned recipe, or on the first backend that has one the one with the highest priority, that fits
/// params.engine, needs no more inputs than there are, and whose licences allow it. `effective` is complete.
Result<RecipeChoice, ParamProblem> choose_recipe(const JobType& type, const boost::json::object& effective,
                                                 const Places& places);

struct FallbackRequest {
    std::vector<std::string> fallback;  // of the recipe that failed: ids, perhaps with a version, best first
    std::vector<std::string> tried;     // id@version of all attempts so far, the failed one included
    std::string failed_on;              // its backend: the last choice for the next one
};

/// What to do after model_unavailable or workflow_rejected; nullopt: give up. A job that pinned its recipe
/// has no fallback, and none leads to a recipe that was tried before.
std::optional<RecipeChoice> choose_fallback(const JobType& type, const boost::json::object& effective,
                                            const Places& places, const FallbackRequest& request);

}  // namespace darkroom::recipes
