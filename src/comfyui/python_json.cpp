#include "comfyui/python_json.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

namespace darkroom::comfyui {
namespace {

// The longest first: -Infinity holds Infinity.
constexpr std::array<std::string_view, 3> words = {"-Infinity", "Infinity", "NaN"};

std::size_t word_at(std::string_view text, std::size_t at) {
    for (const auto word : words) {
        if (text.substr(at, word.size()) == word) return word.size();
    }
    return 0;
}

}  // namespace

std::string without_python_numbers(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (in_string) {
            out.push_back(c);
            if (c == '\\' && at + 1 < text.size()) {
                out.push_back(text[++at]);
            } else if (c == '"') {
                in_string = false;
            }
            continue;
        }
        const auto word = c == '-' || c == 'I' || c == 'N' ? word_at(text, at) : 0;
        if (word > 0) {
            out.append("null");
            at += word - 1;
            continue;
        }
        in_string = c == '"';
        out.push_back(c);
    }
    return out;
}

Result<boost::json::value, JsonError> parse_python_json(std::string_view text, std::size_t bytes_max,
                                                        std::size_t depth_max) {
    if (text.empty()) return Fail(JsonError{"the body is empty; JSON was expected"});
    if (text.size() > bytes_max)
        return Fail(JsonError{"the JSON text is larger than " + std::to_string(bytes_max) + " bytes"});
    boost::json::parse_options options;
    options.max_depth = std::min(depth_max, json_depth_max);
    boost::json::error_code error;
    auto value = boost::json::parse(without_python_numbers(text), error, {}, options);
    if (error) return Fail(JsonError{"the body is no JSON: " + error.message()});
    return value;
}

const boost::json::object* object_in(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}

const boost::json::array* array_in(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr ? nullptr : value->if_array();
}

std::string text_in(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return std::string(value->as_string());
}

}  // namespace darkroom::comfyui
