#include "recipes/type_catalogue.h"

#include <algorithm>
#include <boost/json/string.hpp>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "base/nearest.h"
#include "recipes/canonical_json.h"
#include "recipes/schema_texts.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

json::object own_schema(std::string_view name) {
    auto parsed = parse_json(schema_text(name));
    DR_CHECK(parsed.ok());
    return std::move(parsed->as_object());
}

// What a schema takes over from other types, name by name: {"bg_remove": ["shadow"]}.
void borrow(const json::object& own, json::object& properties) {
    const auto* lenders = own.if_contains("borrows");
    if (lenders == nullptr) return;
    for (const auto& lender : lenders->as_object()) {
        const auto theirs = own_schema({lender.key().data(), lender.key().size()});
        for (const auto& name : lender.value().as_array()) {
            const auto& property = theirs.at("properties").at(name.as_string());
            properties.insert_or_assign(name.as_string(), property);
        }
    }
}

// The type's own params, those it borrows and those that all types share; where two name one, the type's own
// is narrower and wins.
json::object whole_schema(std::string_view name) {
    const auto own = own_schema(name);
    json::object properties = own_schema("shared");
    borrow(own, properties);
    for (const auto& property : own.at("properties").as_object()) {
        properties.insert_or_assign(property.key(), property.value());
    }
    return {{"$schema", "http://json-schema.org/draft-04/schema#"},
            {"title", own.at("title")},
            {"description", own.at("description")},
            {"type", "object"},
            {"additionalProperties", false},
            {"properties", std::move(properties)}};
}

JobType builtin_type(std::string_view name, std::string recipe_title, TypeRules rules) {
    const auto schema = whole_schema(name);
    JobType type;
    type.name = name;
    type.title = std::string(schema.at("title").as_string());
    type.description = std::string(schema.at("description").as_string());
    type.schema_json = canonical_json(schema);
    // Darkroom's own workers run the same operations elsewhere.
    type.backends = {"local", "serverless"};
    Recipe recipe;
    recipe.id = type.name + ".builtin";
    recipe.title = std::move(recipe_title);
    recipe.engine = "builtin";
    recipe.backends = type.backends;
    type.recipes.push_back(std::move(recipe));
    type.params = std::make_shared<const ParamSchema>(schema);
    type.rules = rules;
    return type;
}

std::vector<JobType> builtin_types() {
    std::vector<JobType> types;
    types.push_back(builtin_type("bg_remove", "Background removal on a CPU", bg_remove_rules()));
    types.push_back(builtin_type("cutout_subject", "One subject on a CPU", cutout_subject_rules()));
    types.push_back(builtin_type("jpeg_to_png", "Transparency on a CPU", jpeg_to_png_rules()));
    types.push_back(builtin_type("object_remove", "Object removal on a CPU", object_remove_rules()));
    types.push_back(builtin_type("restore", "Restoration on a CPU", restore_rules()));
    types.push_back(builtin_type("upscale_2k", "Enlargement on a CPU", upscale_2k_rules()));
    types.push_back(builtin_type("white_bg_ecomm", "Product on white on a CPU", white_bg_ecomm_rules()));
    return types;
}

}  // namespace

bool Recipe::runs_on(std::string_view backend) const {
    return std::find(backends.begin(), backends.end(), backend) != backends.end();
}

bool Recipe::is_meant_by(std::string_view pin) const {
    const auto at = pin.find('@');
    if (id != pin.substr(0, at)) return false;
    if (at == std::string_view::npos) return true;
    int wanted = 0;
    const auto digits = pin.substr(at + 1);
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), wanted);
    return end.ec == std::errc{} && end.ptr == digits.data() + digits.size() && wanted == version;
}

bool JobType::is_chain() const { return !recipes.empty() && recipes.front().engine == "chain"; }

const TypeCatalogue& TypeCatalogue::builtin() {
    static const TypeCatalogue catalogue(builtin_types());
    return catalogue;
}

const JobType* TypeCatalogue::find(std::string_view name) const {
    const auto at =
        std::find_if(types_.begin(), types_.end(), [&](const JobType& type) { return type.name == name; });
    return at != types_.end() ? &*at : nullptr;
}

std::optional<std::string_view> TypeCatalogue::nearest(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const auto& type : types_) names.push_back(type.name);
    return nearest_word(name, names);
}

}  // namespace darkroom::recipes
