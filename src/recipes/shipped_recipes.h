// The recipes of the folder recipes/, compiled in: one program does what its users know without a file beside
// it. An operator's recipe with the same id takes the place of one of these.
#pragma once
#include <vector>

#include "recipes/recipe_book.h"

namespace darkroom::recipes {

std::vector<RecipeText> shipped_recipes();

/// `own`, and before it what is shipped and not replaced.
std::vector<RecipeText> with_shipped(std::vector<RecipeText> own);

}  // namespace darkroom::recipes
