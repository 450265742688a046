#include "recipes/param_words.h"

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include "base/json.h"
#include "recipes/canonical_json.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

constexpr std::size_t shown_bytes_max = 60;

bool has_type(const json::object& schema, std::string_view type) {
    const auto* types = schema.if_contains("type");
    if (types == nullptr) return false;
    const json::string_view wanted(type.data(), type.size());
    if (types->is_string()) return types->get_string() == wanted;
    for (const auto& each : types->as_array()) {
        if (each.as_string() == wanted) return true;
    }
    return false;
}

// " between 0 and 60", or nothing where there are no limits.
std::string limits(const json::object& schema) {
    const auto* low = schema.if_contains("minimum");
    const auto* high = schema.if_contains("maximum");
    if (low == nullptr || high == nullptr) return "";
    return " between " + canonical_json(*low) + " and " + canonical_json(*high);
}

std::string one_of(const json::array& values) {
    std::string words = values.size() == 1 ? "" : "one of ";
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) words += ", ";
        words += values[i].is_string() ? std::string(values[i].get_string()) : canonical_json(values[i]);
    }
    return words;
}

std::string numbers(const json::object& schema) {
    const auto& items = schema.at("items").as_object();
    return canonical_json(schema.at("maxItems")) +
           (has_type(items, "integer") ? " whole numbers" : " numbers") +
           (limits(items).empty() ? "" : ", each") + limits(items);
}

std::string without_null(const json::object& schema) {
    if (const auto* words = schema.if_contains("x-expected")) return std::string(words->as_string());
    if (const auto* values = schema.if_contains("enum")) return one_of(values->as_array());
    if (has_type(schema, "boolean")) return "true or false";
    if (has_type(schema, "integer")) return "a whole number" + limits(schema);
    if (has_type(schema, "number")) return "a number" + limits(schema);
    if (has_type(schema, "array")) return numbers(schema);
    if (has_type(schema, "object")) return "an object";
    return "a string";
}

}  // namespace

std::string expected_by(const json::object& schema) {
    std::string words;
    if (const auto* alternatives = schema.if_contains("anyOf")) {
        for (const auto& alternative : alternatives->as_array()) {
            words += (words.empty() ? "" : ", or ") + without_null(alternative.as_object());
        }
        return words;
    }
    return without_null(schema) + (has_type(schema, "null") ? ", or null" : "");
}

std::string range_of(const json::object& schema) {
    const auto words = limits(schema);
    return words.empty() ? expected_by(schema) : words.substr(1);
}

std::string quoted(std::string_view name) {
    const bool cut = name.size() > shown_bytes_max;
    if (cut) {
        auto end = shown_bytes_max;
        while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0u) == 0x80u)
            --end;  // not inside a letter
        name = name.substr(0, end);
    }
    std::string text;
    append_json_string(text, name);
    if (cut) text.insert(text.size() - 1, "…");
    return text;
}

std::string shown(const json::value& value) {
    if (const auto* text = value.if_string()) return quoted({text->data(), text->size()});
    if (const auto* array = value.if_array()) return "an array of " + std::to_string(array->size());
    if (value.is_object()) return "an object";
    return canonical_json(value);
}

}  // namespace darkroom::recipes
