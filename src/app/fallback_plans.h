// What a job goes on with whose recipe cannot be done where it was sent: the recipe's own fallback, as the
// shelf has it now, on a backend that is set up.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/recipe_shelf.h"
#include "dispatch/collector.h"

namespace darkroom::app {

struct FallbackPlaces {
    std::vector<std::string> backends;        // that are set up, in the deployment's order
    std::vector<std::string> with_a_choice;   // of these, those of which there are several endpoints
    std::vector<std::string> workflows_only;  // of these, those that cannot do what is built in
};

/// `shelf` must outlive what is returned. Where another endpoint of the same kind may have what this one
/// lacks, a job that would be tried again is left to that.
dispatch::Fallback fallback_plans(const RecipeShelf& shelf, FallbackPlaces places);

}  // namespace darkroom::app
