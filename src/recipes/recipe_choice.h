// Which recipe does a job, from what its params ask for.
#pragma once
#include <boost/json/object.hpp>
#include <string_view>

#include "base/result.h"
#include "recipes/param_problem.h"
#include "recipes/type_catalogue.h"

namespace darkroom::recipes {

/// The pinned recipe, or the type's first, that fits params.engine and runs on `backend` (empty: any).
/// `effective` is complete.
Result<const Recipe*, ParamProblem> choose_recipe(const JobType& type, const boost::json::object& effective,
                                                  std::string_view backend);

}  // namespace darkroom::recipes
