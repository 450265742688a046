#include "api/types.h"

#include <algorithm>

#include "api/handlers.h"
#include "base/json_writer.h"
#include "recipes/recipe_book.h"

namespace darkroom::api {
namespace {

bool can_do(const ApiContext& context, const recipes::Recipe& recipe, const std::string& backend) {
    return recipes::Places{.workflows_only = context.settings.workflows_only}.can_do(recipe, backend);
}

bool has_place(const ApiContext& context, const recipes::Recipe& recipe) {
    const auto& there = context.settings.backends;
    return std::any_of(there.begin(), there.end(),
                       [&](const auto& backend) { return can_do(context, recipe, backend); });
}

// In the order of the settings: the first is what a job gets that names none.
template <class HasBackend>
void write_backends(JsonWriter& json, const ApiContext& context, HasBackend has_backend) {
    json.key("backends").begin_array();
    for (const auto& backend : context.settings.backends)
        if (has_backend(backend)) json.value(backend);
    json.end_array();
}

// Whether a job could get this recipe here, and if not, why.
void write_state(JsonWriter& json, const ApiContext& context, const recipes::Recipe& recipe) {
    std::string reason;
    if (!recipe.licence.allowed) {
        reason = recipe.licence.reason + ".";
    } else if (!has_place(context, recipe)) {
        reason = "It runs on a backend that is not set up here.";
    }
    json.member("usable", reason.empty()).key("reason");
    if (reason.empty()) {
        json.null();
    } else {
        json.value(reason);
    }
    json.key("licence").begin_object().member("allowed", recipe.licence.allowed).key("reason");
    if (recipe.licence.allowed) {
        json.null();
    } else {
        json.value(recipe.licence.reason + ".");
    }
    json.end_object();
}

// As the book prefers them.
void write_recipes(JsonWriter& json, const ApiContext& context, const recipes::JobType& type) {
    json.key("recipes").begin_array();
    for (const auto& recipe : type.recipes) {
        json.begin_object()
            .member("recipe", recipe.name())
            .member("title", recipe.title)
            .member("engine", recipe.engine)
            .member("priority", recipe.priority);
        json.key("digest");
        if (recipe.digest.empty()) {
            json.null();
        } else {
            json.value(recipe.digest);
        }
        write_backends(json, context, [&](const auto& backend) { return can_do(context, recipe, backend); });
        write_state(json, context, recipe);
        json.raw_member("models", recipe.models_json)
            .key("price")
            .begin_object()
            .member("base_mc", recipe.base_mc)
            .member("per_mp_mc", recipe.per_mp_mc)
            .end_object()
            .end_object();
    }
    for (const auto& broken : type.broken) {
        json.begin_object()
            .member("recipe", broken.id + "@" + std::to_string(broken.version))
            .member("usable", false)
            .member("reason", "It is disabled: " + broken.reason + ".")
            .end_object();
    }
    json.end_array();
}

// The steps of a type that is a chain.
void write_steps(JsonWriter& json, const recipes::RecipeBook& book, const recipes::JobType& type) {
    json.key("steps");
    const auto* recipe = type.recipes.empty() ? nullptr : book.find(type.recipes.front().name());
    if (recipe == nullptr || !recipe->file.chain) {
        json.null();
        return;
    }
    json.begin_array();
    for (const auto& step : recipe->file.chain->steps) {
        json.begin_object().member("id", step.id).member("type", step.type).key("from");
        if (step.from) {
            json.value(step.from->text());
        } else {
            json.null();
        }
        json.end_object();
    }
    json.end_array();
}

void write_type(JsonWriter& json, const ApiContext& context, const recipes::RecipeBook& book,
                const recipes::JobType& type) {
    json.begin_object()
        .member("type", type.name)
        .member("title", type.title)
        .member("description", type.description)
        .key("recipe");
    if (type.recipes.empty()) {
        json.null();
    } else {
        json.value(type.recipes.front().name());
    }
    write_backends(json, context, [&](const auto& backend) {
        return std::any_of(type.recipes.begin(), type.recipes.end(),
                           [&](const auto& recipe) { return can_do(context, recipe, backend); });
    });
    write_recipes(json, context, type);
    write_steps(json, book, type);
    json.raw_member("params_schema", type.schema_json).end_object();
}

Answer list(const ApiContext& context) {
    const auto book = context.recipes();
    JsonWriter json;
    json.begin_object().key("types").begin_array();
    for (const auto& type : book->types().all()) write_type(json, context, *book, type);
    json.end_array().end_object();
    return json_answer(200, json.take());
}

Answer show(const ApiContext& context, const ports::HttpRequest& request) {
    const auto book = context.recipes();
    const auto& name = request.path_params.at(0);
    const auto* type = book->types().find(name);
    if (type == nullptr) {
        std::string detail = "There is no such job type.";
        if (const auto nearest = book->types().nearest(name))
            detail += " Did you mean \"" + std::string(*nearest) + "\"?";
        return Fail(Problem(ProblemCode::not_found, std::move(detail)));
    }
    JsonWriter json;
    write_type(json, context, *book, *type);
    return json_answer(200, json.take());
}

}  // namespace

std::vector<ports::HttpRoute> type_routes(ApiContext& context, const std::string& base) {
    using ports::HttpMethod;
    return {make_route(HttpMethod::get, base + "/types",
                       authenticated(context, [&context](const auto&, auto&) { return list(context); })),
            make_route(HttpMethod::get, base + "/types/{word}",
                       authenticated(context, [&context](const auto&, auto& request) {
                           return show(context, request);
                       }))};
}

}  // namespace darkroom::api
