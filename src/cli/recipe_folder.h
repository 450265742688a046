// Recipes as files on this machine: reads them with the workflows beside them and has each looked at. What is
// wrong with one says nothing about the others.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/input_file.h"
#include "recipes/recipe_lint.h"

namespace darkroom::cli {

struct FoundRecipe {
    std::filesystem::path path;
    std::optional<recipes::RecipeFile> recipe;  // empty if it could not be understood at all
    recipes::RecipeFindings findings;
    bool shipped = false;

    std::string file() const { return path.filename().string(); }
    bool usable() const { return recipe && !recipes::has_errors(findings); }
};

/// A file of a bounded size.
Result<std::string, InputProblem> read_whole_file(const std::filesystem::path& path, std::size_t bytes_max);

/// By the licences.yaml beside it. `today` as in 2026-11-22.
FoundRecipe look_at_recipe(const std::filesystem::path& path, std::string_view today);

struct FolderProblem {
    bool missing = false;
    std::string message;  // a sentence
};

/// All .yaml and .yml files of a folder, by name. Two recipes that call themselves the same are told. A
/// licences.yaml is among them only if there is something to tell of it.
Result<std::vector<FoundRecipe>, FolderProblem> look_at_folder(const std::filesystem::path& folder,
                                                               std::string_view today);

/// What Darkroom has with it, but for what the recipes in `found` replace by their ids. Judged by the
/// licences.yaml of `folder`. `path` is the name of a file that is not there.
std::vector<FoundRecipe> look_at_shipped(const std::vector<FoundRecipe>& found,
                                         const std::filesystem::path& folder, std::string_view today);

/// Writes a file that is not there yet; false and errno if it is, or cannot be written.
bool write_new_file(const std::filesystem::path& path, const std::string& text);

}  // namespace darkroom::cli
