#include "recipes/own_type.h"

#include <algorithm>

#include "base/check.h"
#include "base/json.h"
#include "recipes/canonical_json.h"
#include "recipes/own_params.h"
#include "recipes/schema_texts.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

json::object properties_of(std::string_view schema_json) {
    auto schema = parse_json(schema_json);
    DR_CHECK(schema.ok());
    return std::move(schema->as_object().at("properties").as_object());
}

json::object shared_params(int version) {
    auto parsed = parse_json(schema_text("shared"));
    DR_CHECK(parsed.ok());
    json::object shared;
    for (const char* name : {"v", "engine", "recipe"}) shared.emplace(name, parsed->as_object().at(name));
    auto& v = shared.at("v").as_object();
    v["maximum"] = version;
    v["default"] = version;
    return shared;
}

/// From the oldest version on as far as there is no gap.
int oldest_of(std::vector<std::int64_t> versions) {
    std::sort(versions.begin(), versions.end(), std::greater<>());
    auto oldest = versions.front();
    for (const auto version : versions) {
        if (version == oldest - 1) oldest = version;
    }
    return static_cast<int>(oldest);
}

}  // namespace

json::object exposed_params(const Chain& chain, const TypeCatalogue& types) {
    json::object params;
    for (const auto& exposed : chain.exposed) {
        const auto& target = exposed.second;
        const auto step = std::find_if(chain.steps.begin(), chain.steps.end(),
                                       [&](const ChainStep& each) { return each.id == target.first; });
        DR_CHECK(step != chain.steps.end());
        const auto* type = types.find(step->type);
        DR_CHECK(type != nullptr);
        params.emplace(exposed.first, properties_of(type->schema_json).at(target.second));
    }
    return params;
}

JobType own_type(const RecipeFile& recipe, const TypeCatalogue& others) {
    JobType type;
    type.name = recipe.chain && recipe.type == "chain" ? recipe.id : recipe.type;
    type.title = recipe.title;
    type.params_version = static_cast<int>(*std::max_element(recipe.params_v.begin(), recipe.params_v.end()));
    for (int from = oldest_of(recipe.params_v); from < type.params_version; ++from)
        type.upgrades.push_back({from, nullptr, nullptr});
    auto properties = recipe.chain ? exposed_params(*recipe.chain, others) : recipe.params;
    for (auto& shared : shared_params(type.params_version))
        properties.insert_or_assign(shared.key(), std::move(shared.value()));
    auto schema = own_params_schema(properties);
    schema.emplace("title", type.title);
    type.schema_json = canonical_json(schema);
    type.params = std::make_shared<const ParamSchema>(schema);
    type.rules = {leave, accept};
    return type;
}

}  // namespace darkroom::recipes
