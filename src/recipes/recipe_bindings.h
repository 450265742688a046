// The parts of a recipe that point into its workflow: inputs, bind, outputs. For recipe_file.cpp.
#pragma once
#include <vector>

#include "recipes/map_reader.h"
#include "recipes/recipe_file.h"

namespace darkroom::recipes {

std::vector<InputBinding> read_inputs(MapReader& map, RecipeFindings& findings);
std::vector<ValueBinding> read_binds(MapReader& map, RecipeFindings& findings);
std::vector<OutputRule> read_outputs(MapReader& map, RecipeFindings& findings);

}  // namespace darkroom::recipes
