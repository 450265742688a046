#include "app/recipe_shelf.h"

#include <algorithm>

namespace darkroom::app {

std::shared_ptr<const recipes::RecipeBook> RecipeShelf::book() const {
    const std::lock_guard lock(mutex_);
    return books_.back();
}

void RecipeShelf::replace(std::shared_ptr<const recipes::RecipeBook> book) {
    const std::lock_guard lock(mutex_);
    books_.push_back(std::move(book));
    // A folder may be reloaded for years: what later books have as well is not kept twice.
    for (auto at = books_.begin(); at + 1 != books_.end();) {
        const auto& all = (*at)->recipes();
        const bool needed = std::any_of(all.begin(), all.end(), [&](const auto& recipe) {
            return std::none_of(at + 1, books_.end(), [&](const auto& later) {
                return later->find_digest(recipe->digest) != nullptr;
            });
        });
        at = needed ? at + 1 : books_.erase(at);
    }
}

std::shared_ptr<const recipes::ReadyRecipe> RecipeShelf::find_digest(std::string_view digest) const {
    const std::lock_guard lock(mutex_);
    for (auto at = books_.rbegin(); at != books_.rend(); ++at) {
        if (const auto* recipe = (*at)->find_digest(digest)) return {*at, recipe};
    }
    return nullptr;
}

}  // namespace darkroom::app
