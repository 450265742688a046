#include "recipes/value_steps.h"

#include <algorithm>
#include <boost/json/string.hpp>
#include <cmath>
#include <cstdint>

#include "recipes/canonical_json.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

constexpr double exact_max = 9007199254740992.0;  // 2^53

std::string in_words(const json::value& value) {
    if (const auto* text = value.if_string()) return {text->data(), text->size()};
    return canonical_json(value);
}

double stepped(const ValueSteps& steps, double number) {
    if (steps.scale) number *= *steps.scale;
    if (steps.offset) number += *steps.offset;
    if (steps.round) number = std::round(number / *steps.round) * *steps.round;
    if (steps.clamp) number = std::clamp(number, steps.clamp->first, steps.clamp->second);
    return number;
}

Result<json::value, std::string> as_number(const json::value& value, std::string_view type) {
    if (!value.is_number()) return Fail(shown(value) + " is not a number");
    if (type == "number" || value.is_int64() || value.is_uint64()) return value;
    const auto number = value.get_double();
    if (number != std::floor(number) || std::abs(number) > exact_max)
        return Fail(shown(value) + " is not a whole number");
    return json::value(static_cast<std::int64_t>(number));
}

}  // namespace

Result<json::value, std::string> apply_steps(const ValueSteps& steps, const json::value& value,
                                             std::string_view type) {
    json::value result = value;
    if (!steps.map.empty()) {
        const auto* mapped = steps.map.if_contains(in_words(value));
        if (mapped == nullptr) return Fail(shown(value) + " is not in its map");
        result = *mapped;
    }
    if (steps.has_numbers()) {
        if (!result.is_number()) return Fail(shown(result) + " is not a number");
        const auto number = stepped(steps, result.to_number<double>());
        if (!std::isfinite(number)) return Fail(std::string("the number becomes too large"));
        result = with_whole_numbers(json::value(number));
    }
    if (!steps.format.empty()) {
        auto text = steps.format;
        text.replace(text.find("{}"), 2, in_words(result));
        result = json::string(text);
    }
    if (type == "number" || type == "integer") return as_number(result, type);
    if (literal_type(result) != type) return Fail(shown(result) + " is not a " + std::string(type));
    return result;
}

std::string_view literal_type(const json::value& value) {
    if (value.is_bool()) return "boolean";
    if (value.is_string()) return "string";
    if (value.is_int64() || value.is_uint64()) return "integer";
    return value.is_double() ? "number" : "";
}

bool type_fits(std::string_view type, const json::value& literal) {
    if (type == "number" || type == "integer") return literal.is_number();
    return literal_type(literal) == type;
}

}  // namespace darkroom::recipes
