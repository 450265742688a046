// The book in use, which a reload replaces under everybody's hands: who took one keeps it as long as it
// needs. Recipes that jobs were created with stay to be found by their digest as long as the process lives.
// Any thread. Rooms that see recipes but not app get a function that gives the book in use.
#pragma once
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "recipes/recipe_book.h"

namespace darkroom::app {

class RecipeShelf {
public:
    explicit RecipeShelf(std::shared_ptr<const recipes::RecipeBook> book) { replace(std::move(book)); }

    std::shared_ptr<const recipes::RecipeBook> book() const;
    void replace(std::shared_ptr<const recipes::RecipeBook> book);
    /// The recipe of a digest in this book or an earlier one; null if none has it.
    std::shared_ptr<const recipes::ReadyRecipe> find_digest(std::string_view digest) const;

private:
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<const recipes::RecipeBook>>
        books_;  // the one in use last; earlier ones only as far
                 // as they have recipes that later ones lack
};

}  // namespace darkroom::app
