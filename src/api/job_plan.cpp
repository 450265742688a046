#include "api/job_plan.h"

#include <algorithm>

#include "base/json.h"
#include "recipes/params.h"

namespace darkroom::api {
namespace {

constexpr std::size_t own_json_bytes_max = 16u << 20;  // what was written here, from a body of 1 MiB

std::optional<std::string> mask_input(const std::string& effective_json) {
    const auto effective = parse_json(effective_json, own_json_bytes_max);
    const auto* params = effective ? effective->if_object() : nullptr;
    const auto* region = params != nullptr ? params->if_contains("region") : nullptr;
    const auto* shapes = region != nullptr ? region->if_object() : nullptr;
    const auto* mask = shapes != nullptr ? shapes->if_contains("mask") : nullptr;
    const auto* name = mask != nullptr ? mask->if_string() : nullptr;
    if (name == nullptr) return std::nullopt;
    return std::string(name->data(), name->size());
}

// A recipe of a file says what comes out. Built in are those that enlarge or re-encode a picture, and those
// that find something in it and show where.
std::vector<std::string> roles_of(const std::string& type, const recipes::ReadyRecipe* recipe) {
    if (recipe != nullptr && !recipe->file.outputs.empty()) {
        std::vector<std::string> roles;
        for (const auto& output : recipe->file.outputs) roles.push_back(output.role);
        return roles;
    }
    if (type == "jpeg_to_png" || type == "upscale_2k") return {"main"};
    return {"main", "mask"};
}

}  // namespace

FieldProblem unknown_type(const recipes::RecipeBook& book, const std::string& type) {
    std::string detail = "There is no job type \"" + type.substr(0, 64) + "\".";
    if (const auto nearest = book.types().nearest(type))
        detail += " Did you mean \"" + std::string(*nearest) + "\"?";
    return {"/type", "unknown_type", std::move(detail)};
}

Result<JobPlan, std::vector<FieldProblem>> plan_job(ApiContext& context, const recipes::RecipeBook& book,
                                                    const PlanRequest& request) {
    const auto* type = book.types().find(request.type);
    if (type == nullptr) return Fail(std::vector{unknown_type(book, request.type)});
    const recipes::Places places{context.settings.backends, request.backend, request.inputs,
                                 context.settings.workflows_only};
    auto checked = recipes::check_params(*type, request.params, context.random.number(), places);
    if (!checked) {
        std::vector<FieldProblem> fields;
        for (const auto& problem : checked.error())
            fields.push_back({problem.pointer, problem.code, problem.detail + "."});
        return Fail(std::move(fields));
    }
    const auto* recipe = book.find(checked->recipe);
    JobPlan plan;
    plan.mask_input = mask_input(checked->effective_json);
    plan.inputs_max = plan.mask_input ? 2 : 1;
    if (recipe != nullptr) {
        plan.inputs_max = std::max(plan.inputs_max, recipe->file.inputs.size());
        plan.megapixels_max = recipe->file.limits.max_input_mp;
    }
    plan.roles = roles_of(request.type, recipe);
    if (recipe != nullptr && recipe->file.chain) plan.chain = &*recipe->file.chain;
    plan.work = {.backend = std::move(checked->backend),
                 .params_json = std::move(checked->sent_json),
                 .params_effective_json = std::move(checked->effective_json),
                 .recipe = std::move(checked->recipe),
                 .recipe_digest = std::move(checked->recipe_digest),
                 .models_json = std::move(checked->models_json)};
    return plan;
}

}  // namespace darkroom::api
