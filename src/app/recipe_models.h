// From an order to the network that does a stage of it, by the recipes on the shelf: the file beside the
// recipe, known by its digest. An attempt is done with the recipe that its job was created with.
#pragma once
#include <filesystem>

#include "app/recipe_shelf.h"
#include "imaging/pool/model_file.h"

namespace darkroom::app {

/// `folder` is the folder of recipes; the shelf must outlive what is made.
imaging::ModelOf recipe_models(const RecipeShelf& shelf, std::filesystem::path folder);

}  // namespace darkroom::app
