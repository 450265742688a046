#include "api/types.h"

#include <algorithm>

#include "api/handlers.h"
#include "base/json_writer.h"
#include "recipes/type_catalogue.h"

namespace darkroom::api {
namespace {

void write_type(JsonWriter& json, const ApiContext& context, const recipes::JobType& type) {
    json.begin_object()
        .member("type", type.name)
        .member("title", type.title)
        .member("description", type.description)
        .member("recipe", type.recipes.front().name());
    json.key("backends").begin_array();
    // In the order of the settings: the first is what a job gets that names none.
    for (const auto& backend : context.settings.backends) {
        if (std::find(type.backends.begin(), type.backends.end(), backend) != type.backends.end())
            json.value(backend);
    }
    json.end_array().raw_member("params_schema", type.schema_json).end_object();
}

Answer list(const ApiContext& context) {
    JsonWriter json;
    json.begin_object().key("types").begin_array();
    for (const auto& type : recipes::TypeCatalogue::builtin().all()) write_type(json, context, type);
    json.end_array().end_object();
    return json_answer(200, json.take());
}

Answer show(const ApiContext& context, const ports::HttpRequest& request) {
    const auto* type = recipes::TypeCatalogue::builtin().find(request.path_params.at(0));
    if (type == nullptr) return Fail(Problem(ProblemCode::not_found, "There is no such job type."));
    JsonWriter json;
    write_type(json, context, *type);
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
