#include "recipes/shipped_recipes.h"

#include <algorithm>
#include <set>

namespace darkroom::recipes {
namespace {

std::string id_of(const RecipeText& text) {
    const auto read = read_recipe(text.yaml);
    return read.recipe ? read.recipe->id : std::string();
}

}  // namespace

std::vector<RecipeText> with_shipped(std::vector<RecipeText> own) {
    std::set<std::string> replaced;
    for (const auto& text : own) replaced.insert(id_of(text));
    auto all = shipped_recipes();
    std::erase_if(all, [&](const RecipeText& text) { return replaced.contains(id_of(text)); });
    std::move(own.begin(), own.end(), std::back_inserter(all));
    return all;
}

}  // namespace darkroom::recipes
