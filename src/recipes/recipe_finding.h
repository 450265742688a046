// One thing that lint has to say about a recipe: where, with a stable code, in a sentence.
#pragma once
#include <string>
#include <vector>

#include "recipes/yaml_tree.h"

namespace darkroom::recipes {

enum class Severity {
    error,    // the recipe cannot be used
    warning,  // it can, and someone should know
};

struct RecipeFinding {
    Severity severity = Severity::error;
    TextPlace place;     // in the recipe's YAML
    std::string code;    // unknown_key, bind_targets_link, graph_renumbered …: docs/recipes.md lists them
    std::string detail;  // a sentence without its full stop
};

using RecipeFindings = std::vector<RecipeFinding>;

bool has_errors(const RecipeFindings& findings);

}  // namespace darkroom::recipes
