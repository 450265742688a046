// Types that are an operator's own: from what recipes of files declare to a JobType like the built-in ones.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "recipes/chain.h"
#include "recipes/recipe_file.h"
#include "recipes/type_catalogue.h"

namespace darkroom::recipes {

/// The type of a recipe that passed lint; it has no recipes yet. Beside its own params it takes v, engine and
/// recipe. The recipe's params_v are the versions that it takes: the same names, the same meaning.
JobType own_type(const RecipeFile& recipe, const TypeCatalogue& others);

/// The params of a chain: those of its steps that it exposes.
boost::json::object exposed_params(const Chain& chain, const TypeCatalogue& types);

}  // namespace darkroom::recipes
