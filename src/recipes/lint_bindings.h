// The part of lint that looks at what a recipe writes into its workflow. For recipe_lint.cpp.
#pragma once
#include <boost/json/object.hpp>

#include "recipes/recipe_file.h"
#include "recipes/workflow.h"

namespace darkroom::recipes {

/// `params` is name → schema of the type's params.
void lint_bindings(const RecipeFile& recipe, const Workflow& workflow, const boost::json::object& params,
                   RecipeFindings& findings);

}  // namespace darkroom::recipes
