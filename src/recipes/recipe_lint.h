// Is a recipe fit for use? Compares what its file says with its workflow, with the params of its type and
// with the licences that this deployment may use. Pure: files are read by whoever asks.
#pragma once
#include <optional>
#include <string_view>

#include "recipes/licence_gate.h"
#include "recipes/recipe_file.h"
#include "recipes/type_catalogue.h"

namespace darkroom::recipes {

struct LintOptions {
    const TypeCatalogue& types = TypeCatalogue::builtin();
    LicencePolicy licences = {};
};

/// What read_recipe() found, and what comes to light beside the workflow; `workflow_text` is unset where its
/// file cannot be read. In the order of the file.
RecipeFindings lint_recipe(const ReadRecipe& read, std::optional<std::string_view> workflow_text,
                           const LintOptions& options = {});

}  // namespace darkroom::recipes
