// The order that a backend gets for a claimed job. Pure.
#pragma once
#include <algorithm>
#include <functional>
#include <optional>

#include "core/job.h"
#include "ports/backend.h"

namespace darkroom::dispatch {

/// How long the work of an attempt may take by its recipe; nullopt = that says nothing of it. Any thread.
using RecipeLimit = std::function<std::optional<Milliseconds>(const core::Attempt&)>;

/// `attempt` is one of job.attempts. The smaller of both limits holds.
inline ports::WorkOrder work_order(const core::Job& job, const AttemptId& attempt, Milliseconds time_limit,
                                   const RecipeLimit& limit_of_recipe = {}) {
    ports::WorkOrder order{.job = job.id,
                           .attempt = attempt,
                           .attempt_number = 1,
                           .type = job.type,
                           .params_json = job.params_json,
                           .params_effective_json = job.params_effective_json,
                           .recipe = job.recipe,
                           .recipe_digest = job.recipe_digest,
                           .inputs = job.inputs,
                           .time_limit = time_limit};
    for (const auto& known : job.attempts) {
        if (known.id != attempt) continue;
        order.attempt_number = known.number;
        order.params_effective_json = known.params_json;  // the job's may be a later rerun's
        order.recipe = known.recipe;
        order.recipe_digest = known.recipe_digest;
        const auto limit = limit_of_recipe ? limit_of_recipe(known) : std::nullopt;
        if (limit) order.time_limit = std::min(time_limit, *limit);
    }
    return order;
}

}  // namespace darkroom::dispatch
