// All recipes of a deployment at one moment: the built-in ones and those of files, each checked, with its
// licences judged. A file that is wrong disables its own recipe only. Never changes; a reload makes another
// book (app/recipe_shelf.h).
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/licence_gate.h"
#include "recipes/recipe_choice.h"
#include "recipes/recipe_file.h"
#include "recipes/recipe_finding.h"
#include "recipes/type_catalogue.h"
#include "recipes/workflow.h"

namespace darkroom::recipes {

/// What lies in the folder of recipes, as text.
struct RecipeText {
    std::string name;  // of the file, for messages
    std::string yaml;
    std::optional<std::string> workflow_json =
        {};                        // of the file that the recipe names; unset = cannot be read
    RecipeFindings findings = {};  // of reading the files: an error disables the recipe
};

/// A recipe of a file that passed lint.
struct ReadyRecipe {
    RecipeFile file;
    std::optional<Workflow> workflow;  // of engine comfyui
    std::string digest;                // hex SHA-256 of all it consists of
    std::string models_json = "[]";  // for an audit: role, name, version, sha256, licence, commercial, grant
    LicenceVerdict licence;          // not allowed: shown, never chosen
};

struct BookFinding {
    std::string file;
    RecipeFinding finding;
};

class RecipeBook {
public:
    /// Never fails: what is wrong with a text is in findings(), and its recipe is not there.
    RecipeBook(std::vector<RecipeText> texts, const LicencePolicy& licences);

    /// All types, with the recipes of files among the recipes of each, the one to be preferred first.
    const TypeCatalogue& types() const { return *types_; }
    /// By id@version; null for built-in ones.
    const ReadyRecipe* find(std::string_view name) const;
    const ReadyRecipe* find_digest(std::string_view digest) const;
    const std::vector<std::unique_ptr<const ReadyRecipe>>& recipes() const { return recipes_; }
    /// What cannot be used, and why; also of types that therefore do not exist.
    const std::vector<BrokenRecipe>& broken() const { return broken_; }
    /// Of all files, also of those whose recipes are fine.
    const std::vector<BookFinding>& findings() const { return findings_; }

private:
    std::vector<std::unique_ptr<const ReadyRecipe>> recipes_;
    std::unique_ptr<const TypeCatalogue> types_;
    std::vector<BrokenRecipe> broken_;
    std::vector<BookFinding> findings_;
};

/// The next choice for a job whose attempt failed with model_unavailable or workflow_rejected: what its
/// recipe names as fallback. `type` and `effective_json` are the job's, `recipe` what the attempt ran with as
/// id@version; `tried` holds it and all others.
std::optional<RecipeChoice> fallback_of(const RecipeBook& book, std::string_view type,
                                        std::string_view recipe, std::string_view effective_json,
                                        const Places& places, const std::vector<std::string>& tried,
                                        std::string_view failed_on);

}  // namespace darkroom::recipes
