// The recipes of a deployment, read from its folder: RECIPES_DIR, else `recipes` in the data folder, if it is
// there. What ships with Darkroom is there without any. What is wrong with one file is a finding; only a
// folder that was named and cannot be read is a failure.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/recipe_shelf.h"
#include "app/settings.h"
#include "base/result.h"
#include "base/time.h"
#include "recipes/recipe_book.h"

namespace darkroom::app {

struct RecipeFolder {
    std::filesystem::path dir;
    bool was_named = false;  // by the operator: then it must be there
};

struct LoadedRecipes {
    std::shared_ptr<const recipes::RecipeBook> book;
    std::vector<recipes::BookFinding> findings;  // of licences.yaml, then of the recipes
};

/// Reads at most 1,000 recipes, each a regular file of bounded size in the folder itself; a symbolic link is
/// followed as long as it stays inside. `now` decides which grants of licences.yaml have ended. The error is
/// a sentence.
Result<LoadedRecipes, std::string> load_recipes(const RecipeFolder& folder, TimePoint now);

/// Puts what is read on the shelf; each finding becomes a line of the log. If the folder cannot be read, the
/// shelf stays as it is.
Result<void, std::string> load_onto(RecipeShelf& shelf, const RecipeFolder& folder, TimePoint now);

/// As the settings say.
RecipeFolder recipe_folder(const Settings& settings);

/// "restore.yaml:3:1: unknown key "x" [unknown_key]", for logs and doctor.
std::string finding_line(const recipes::BookFinding& finding);

}  // namespace darkroom::app
