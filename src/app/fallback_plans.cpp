#include "app/fallback_plans.h"

#include <algorithm>
#include <utility>

namespace darkroom::app {
namespace {

std::optional<ports::WorkPlan> plan_for(const RecipeShelf& shelf, const FallbackPlaces& places,
                                        const core::Job& job, const core::Attempt& failed, bool will_retry) {
    const auto& several = places.with_a_choice;
    const bool may_be_elsewhere = std::find(several.begin(), several.end(), failed.backend) != several.end();
    if (will_retry && may_be_elsewhere) return std::nullopt;
    std::vector<std::string> tried;
    // What was tried before its owner asked for another attempt may be tried again.
    for (const auto& attempt : job.attempts)
        if (attempt.number > job.attempts_forgiven) tried.push_back(attempt.recipe);
    recipes::Places where;
    where.set_up = places.backends;
    where.inputs = job.inputs.size();
    where.workflows_only = places.workflows_only;
    const auto book = shelf.book();
    const auto choice = recipes::fallback_of(*book, job.type, failed.recipe, job.params_effective_json, where,
                                             tried, failed.backend);
    if (!choice || choice->recipe == nullptr) return std::nullopt;
    ports::WorkPlan plan;
    plan.backend = choice->backend;
    plan.recipe = choice->recipe->name();
    plan.recipe_digest = choice->recipe->digest;
    plan.models_json = choice->recipe->models_json;
    return plan;
}

}  // namespace

dispatch::Fallback fallback_plans(const RecipeShelf& shelf, FallbackPlaces places) {
    return [&shelf, places = std::move(places)](const core::Job& job, const core::Attempt& failed,
                                                bool will_retry) {
        return plan_for(shelf, places, job, failed, will_retry);
    };
}

}  // namespace darkroom::app
