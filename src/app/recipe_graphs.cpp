#include "app/recipe_graphs.h"

#include <utility>

#include "base/log.h"

namespace darkroom::app {
namespace {

using core::ErrorCode;
using core::JobError;

void tell_warnings(const ports::WorkOrder& work, const std::vector<std::string>& warnings) {
    for (const auto& warning : warnings)
        log::warning("a recipe's workflow was filled with a doubt",
                     {{"recipe", work.recipe}, {"attempt", work.attempt.str()}, {"warning", warning}});
}

Result<comfyui::PodGraph, JobError> pod_graph(const RecipeGraphs& graphs, const ports::WorkOrder& work,
                                              const std::vector<std::string>& inputs) {
    auto made = graphs.graph_of(work, inputs);
    if (!made) return Fail(made.error());
    if (!*made)
        return Fail(JobError{ErrorCode::workflow_rejected,
                             "The recipe " + work.recipe + " has no workflow that a pod could run."});
    return comfyui::PodGraph{std::move((*made)->graph_json), std::move((*made)->role_of_node)};
}

}  // namespace

Result<std::optional<recipes::OrderGraph>, JobError> RecipeGraphs::graph_of(
    const ports::WorkOrder& work, const std::vector<std::string>& inputs) const {
    if (work.recipe_digest.empty()) return std::optional<recipes::OrderGraph>();
    const auto recipe = shelf_.find_digest(work.recipe_digest);
    // Another recipe of that name would be a lie in the books of what a picture was made with.
    if (!recipe)
        return Fail(
            JobError{ErrorCode::workflow_rejected,
                     "The recipe " + work.recipe + " is no longer as it was when the job was created."});
    if (!recipe->workflow) return std::optional<recipes::OrderGraph>();
    recipes::GraphRequest request;
    request.params_json = work.params_json;
    request.params_effective_json = work.params_effective_json;
    request.inputs = inputs;
    request.job_id = work.job.str();
    if (!work.inputs.empty()) request.input_sha256 = work.inputs.front().sha256;
    auto made = recipes::order_graph(*recipe, request);
    if (!made) return Fail(made.error());
    tell_warnings(work, made->warnings);
    return std::optional(*std::move(made));
}

std::optional<Milliseconds> RecipeGraphs::time_limit_of(const std::string& recipe_digest) const {
    const auto recipe = recipe_digest.empty() ? nullptr : shelf_.find_digest(recipe_digest);
    if (!recipe) return std::nullopt;
    return Milliseconds(recipe->file.limits.timeout_s * 1'000);
}

comfyui::MakeGraph RecipeGraphs::for_pods() const {
    return [this](const ports::WorkOrder& work, const std::vector<std::string>& inputs) {
        return pod_graph(*this, work, inputs);
    };
}

}  // namespace darkroom::app
