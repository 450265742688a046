#include "recipes/own_params.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <regex>
#include <string_view>

#include "base/json.h"
#include "base/nearest.h"
#include "recipes/param_schema.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

constexpr std::size_t params_max = 64;
constexpr std::int64_t pattern_text_max = 200;  // std::regex goes deeper with every letter
constexpr std::int64_t length_max = 4'000;

constexpr std::string_view keywords[] = {"type",        "enum",  "minimum",   "maximum",  "pattern",
                                         "maxLength",   "items", "minItems",  "maxItems", "default",
                                         "description", "title", "x-expected"};

std::optional<std::string> unknown_keyword(const json::object& schema) {
    for (const auto& member : schema) {
        const auto name = view(member.key());
        if (std::find(std::begin(keywords), std::end(keywords), name) != std::end(keywords)) continue;
        const auto meant = nearest_word(name, keywords);
        return "unknown keyword " + quoted(name) + (meant ? "; did you mean " + quoted(*meant) + "?" : "");
    }
    return std::nullopt;
}

bool is_type_word(const json::value& type) {
    if (!type.is_string()) return false;
    const auto word = view(type.get_string());
    return word == "number" || word == "integer" || word == "string" || word == "boolean" ||
           word == "array" || word == "null";
}

/// The one type beside null; empty if there is none, or more.
std::string type_of(const json::object& schema) {
    const auto* type = schema.if_contains("type");
    if (type == nullptr) return {};
    if (is_type_word(*type)) return *type == "null" ? std::string() : std::string(view(type->get_string()));
    const auto* types = type->if_array();
    if (types == nullptr || types->size() != 2 || !is_type_word((*types)[0]) || (*types)[1] != "null")
        return {};
    return (*types)[0] == "null" ? std::string() : std::string(view((*types)[0].as_string()));
}

bool is_whole(const json::object& schema, const char* name, std::int64_t low, std::int64_t high) {
    const auto* value = schema.if_contains(name);
    return value == nullptr || (value->is_int64() && value->get_int64() >= low && value->get_int64() <= high);
}

std::optional<std::string> wrong_limits(const json::object& schema, bool of_numbers) {
    const auto* low = schema.if_contains("minimum");
    const auto* high = schema.if_contains("maximum");
    if (low == nullptr && high == nullptr) return std::nullopt;
    if (!of_numbers) return "minimum and maximum are for numbers";
    if (low == nullptr || high == nullptr) return "minimum and maximum come together";
    if (!low->is_number() || !high->is_number() || low->to_number<double>() > high->to_number<double>())
        return "minimum and maximum must be numbers, the lower one first";
    return std::nullopt;
}

std::optional<std::string> wrong_pattern(const json::object& schema) {
    const auto* pattern = schema.if_contains("pattern");
    if (pattern == nullptr) return std::nullopt;
    const bool short_enough =
        schema.contains("maxLength") && is_whole(schema, "maxLength", 1, pattern_text_max);
    if (!pattern->is_string() || pattern->get_string().size() > 200 || !short_enough)
        return "pattern is a regular expression of at most 200 bytes, and needs a maxLength of at most 200";
    try {
        const std::regex tried(pattern->get_string().c_str());
    } catch (const std::regex_error&) {
        return "pattern is no regular expression";
    }
    return std::nullopt;
}

std::optional<std::string> wrong_text(const json::object& schema, const std::string& type) {
    if (type != "string" && (schema.contains("pattern") || schema.contains("maxLength")))
        return "pattern and maxLength are for texts";
    if (type != "string") return std::nullopt;
    if (!is_whole(schema, "maxLength", 1, length_max)) return "maxLength must be 1 to 4000";
    if (!schema.contains("enum") && !schema.contains("maxLength"))
        return "a text needs maxLength, or an enum";
    return wrong_pattern(schema);
}

std::optional<std::string> wrong_enum(const json::object& schema) {
    const auto* values = schema.if_contains("enum");
    if (values == nullptr) return std::nullopt;
    const auto* array = values->if_array();
    if (array == nullptr || array->empty() || array->size() > 100)
        return "enum must be a list of 1 to 100 values";
    const bool primitive = std::all_of(array->begin(), array->end(),
                                       [](const json::value& value) { return value.is_primitive(); });
    if (!primitive) return "enum must hold texts or numbers";
    return std::nullopt;
}

std::optional<std::string> wrong_items(const json::object& schema, const std::string& type) {
    const auto* items = schema.if_contains("items");
    if (type != "array") {
        const bool any = items != nullptr || schema.contains("minItems") || schema.contains("maxItems");
        return any ? std::optional<std::string>("items, minItems and maxItems are for arrays") : std::nullopt;
    }
    const auto* each = items != nullptr ? items->if_object() : nullptr;
    if (each == nullptr || (type_of(*each) != "number" && type_of(*each) != "integer") ||
        each->contains("enum"))
        return "items must be numbers or integers: {type: number, minimum: 0, maximum: 1}";
    if (!schema.contains("maxItems") || !is_whole(schema, "maxItems", 1, 64) ||
        !is_whole(schema, "minItems", 0, 64))
        return "an array needs maxItems, at most 64";
    for (const auto* other : {"items", "pattern", "maxLength", "default"}) {
        if (each->contains(other)) return "items cannot have " + std::string(other);
    }
    if (auto unknown = unknown_keyword(*each)) return unknown;
    return wrong_limits(*each, true);
}

std::optional<std::string> wrong_words(const json::object& schema) {
    for (const auto* name : {"description", "title", "x-expected"}) {
        const auto* words = schema.if_contains(name);
        if (words != nullptr && !words->is_string()) return std::string(name) + " must be a text";
    }
    return std::nullopt;
}

std::optional<std::string> wrong_default(const std::string& name, const json::object& schema) {
    const auto* value = schema.if_contains("default");
    if (value == nullptr)
        return "a default is missing: null is one where type is [\"" + type_of(schema) + "\", \"null\"]";
    std::vector<ParamProblem> problems;
    ParamSchema(schema, name).check(*value, "", problems);
    if (!problems.empty()) return "its own default does not pass: " + problems.front().detail;
    return std::nullopt;
}

std::optional<std::string> wrong_schema(const std::string& name, const json::value& value) {
    const auto* schema = value.if_object();
    if (schema == nullptr)
        return "it must be a JSON Schema, as in {type: number, minimum: 0, maximum: 1, default: 0.5}";
    if (auto unknown = unknown_keyword(*schema)) return unknown;
    const auto type = type_of(*schema);
    if (type.empty())
        return "type must be number, integer, string, boolean or array, or a list of one of them and "
               "\"null\"";
    if (auto wrong = wrong_words(*schema)) return wrong;
    if (auto wrong = wrong_enum(*schema)) return wrong;
    if (auto wrong = wrong_limits(*schema, type == "number" || type == "integer")) return wrong;
    if (auto wrong = wrong_text(*schema, type)) return wrong;
    if (auto wrong = wrong_items(*schema, type)) return wrong;
    return wrong_default(name, *schema);
}

bool is_param_name(std::string_view name) {
    return !name.empty() && name.size() <= 40 && name.front() >= 'a' && name.front() <= 'z' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

std::vector<SchemaProblem> check_own_params(const json::object& params) {
    std::vector<SchemaProblem> problems;
    if (params.size() > params_max) problems.push_back({"", "more than 64 params"});
    for (const auto& param : params) {
        if (problems.size() >= params_max) break;
        const std::string name(view(param.key()));
        if (!is_param_name(name) || name == "v" || name == "engine" || name == "recipe") {
            problems.push_back(
                {name,
                 "a name must be a letter and up to 39 of a-z, 0-9 and _, and not v, engine or "
                 "recipe, which all types have"});
        } else if (auto wrong = wrong_schema(name, param.value())) {
            problems.push_back({name, std::move(*wrong)});
        }
    }
    return problems;
}

json::object own_params_schema(const json::object& params) {
    return {{"$schema", "http://json-schema.org/draft-04/schema#"},
            {"type", "object"},
            {"additionalProperties", false},
            {"properties", params}};
}

const json::object* schema_of_param(const json::object& properties, std::string_view name) {
    const auto dot = std::min(name.find('.'), name.size());
    const auto* found = properties.if_contains({name.data(), dot});
    const auto* schema = found != nullptr ? found->if_object() : nullptr;
    if (schema == nullptr || dot == name.size()) return schema;
    const auto rest = name.substr(dot + 1);
    std::vector<const json::object*> candidates = {schema};
    const auto* alternatives = schema->if_contains("anyOf");
    if (alternatives != nullptr && alternatives->is_array()) {
        for (const auto& alternative : alternatives->get_array())
            candidates.push_back(alternative.if_object());
    }
    for (const auto* candidate : candidates) {
        const auto* parts = candidate != nullptr ? candidate->if_contains("properties") : nullptr;
        if (parts != nullptr && parts->is_object()) return schema_of_param(parts->get_object(), rest);
    }
    return nullptr;
}

}  // namespace darkroom::recipes
