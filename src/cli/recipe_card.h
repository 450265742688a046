// A recipe for people and for programs: what goes in, what is set, what comes out, under which licences.
#pragma once
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "cli/recipe_folder.h"

namespace darkroom::cli {

std::vector<std::string> recipe_lines(const FoundRecipe& found);
std::string recipe_json(const FoundRecipe& found);

/// As the member "findings" of an open object.
void write_findings(JsonWriter& json, const recipes::RecipeFindings& findings);

}  // namespace darkroom::cli
