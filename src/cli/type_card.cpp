#include "cli/type_card.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

constexpr int depth_max = 4;

/// As typed after -p key=: strings without quotes.
std::string value_words(const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : json_text(value);
}

std::string type_words(const json::object& schema) {
    const auto* type = schema.if_contains("type");
    if (type == nullptr) return {};
    if (!type->is_array()) return value_words(*type);
    std::string text;
    for (const auto& one : type->get_array()) text += (text.empty() ? "" : " or ") + value_words(one);
    return text;
}

std::string range_words(const json::object& schema) {
    const auto* least = schema.if_contains("minimum");
    const auto* most = schema.if_contains("maximum");
    if (least == nullptr || most == nullptr) return {};
    return value_words(*least) + ".." + value_words(*most);
}

/// "auto, hard or fine", "0..60", "true or false" …
std::string allowed_words(const json::object& schema) {
    if (auto expected = text_member(schema, "x-expected"); !expected.empty()) return expected;
    if (const auto* values = array_member(schema, "enum")) {
        std::string text;
        for (std::size_t i = 0; i < values->size(); ++i) {
            text += (i == 0 ? "" : i + 1 == values->size() ? " or " : ", ") + value_words((*values)[i]);
        }
        return text;
    }
    auto type = type_words(schema);
    if (type == "boolean") return "true or false";
    if (type == "array") {
        const auto* items = object_member(schema, "items");
        return "[…]" + (items == nullptr ? std::string() : " of " + allowed_words(*items));
    }
    const auto range = range_words(schema);
    if (range.empty()) return type;
    return type == "integer" ? range + ", whole" : range;
}

const json::object* object_form(const json::object& schema) {
    if (object_member(schema, "properties") != nullptr) return &schema;
    const auto* forms = array_member(schema, "anyOf");
    if (forms == nullptr) return nullptr;
    for (const auto& form : *forms) {
        if (form.is_object() && object_member(form.get_object(), "properties") != nullptr)
            return &form.get_object();
    }
    return nullptr;
}

/// What it may be beside an object.
std::string simple_forms(const json::object& schema) {
    const auto* forms = array_member(schema, "anyOf");
    if (forms == nullptr) return object_form(schema) == nullptr ? allowed_words(schema) : std::string();
    std::string text;
    for (const auto& form : *forms) {
        if (!form.is_object() || object_member(form.get_object(), "properties") != nullptr) continue;
        text += (text.empty() ? "" : " or ") + allowed_words(form.get_object());
    }
    return text;
}

void add_params(std::vector<std::string>& lines, const json::object& schema, const std::string& prefix,
                int depth);

void add_param(std::vector<std::string>& lines, const std::string& name, const json::object& schema,
               int depth) {
    const auto* nested = object_form(schema);
    auto head = simple_forms(schema);
    const auto* fallback = schema.if_contains("default");
    if (fallback != nullptr && nested == nullptr)
        head += (head.empty() ? "default " : "; default ") + value_words(*fallback);
    if (nested != nullptr) head += head.empty() ? "several, as below" : ", or several as below";
    lines.push_back(printable("  " + pad_to_width(name, 22) + " " + head));
    if (const auto meaning = text_member(schema, "description"); !meaning.empty())
        lines.push_back("      " + printable(meaning));
    if (nested != nullptr) add_params(lines, *nested, name + ".", depth + 1);
}

void add_params(std::vector<std::string>& lines, const json::object& schema, const std::string& prefix,
                int depth) {
    const auto* properties = object_member(schema, "properties");
    if (properties == nullptr || depth > depth_max) return;
    for (const auto& [name, property] : *properties) {
        if (property.is_object()) add_param(lines, prefix + std::string(name), property.get_object(), depth);
    }
}

}  // namespace

std::vector<std::string> param_lines(const json::object& params_schema) {
    std::vector<std::string> lines;
    add_params(lines, params_schema, {}, 0);
    return lines;
}

std::vector<std::string> recipe_lines(const json::object& type) {
    std::vector<std::string> lines;
    const auto* steps = array_member(type, "steps");
    for (const auto& entry : steps != nullptr ? *steps : json::array()) {
        const auto* step = entry.if_object();
        if (step == nullptr) continue;
        const auto from = text_member(*step, "from");
        lines.push_back((lines.empty() ? "Steps:   " : "         ") +
                        printable(text_member(*step, "id") + "  " + text_member(*step, "type") +
                                  (from.empty() ? "" : "  on " + from)));
    }
    bool first = true;
    const auto* recipes = array_member(type, "recipes");
    for (const auto& entry : recipes != nullptr ? *recipes : json::array()) {
        const auto* recipe = entry.if_object();
        if (recipe == nullptr) continue;
        auto text = pad_to_width(text_member(*recipe, "recipe"), 26);
        if (const auto engine = text_member(*recipe, "engine"); !engine.empty()) text += "  " + engine;
        std::string backends;
        const auto* names = array_member(*recipe, "backends");
        for (const auto& name : names != nullptr ? *names : json::array())
            backends += (backends.empty() ? "" : ", ") + value_words(name);
        if (!backends.empty()) text += " on " + backends;
        if (const auto reason = text_member(*recipe, "reason"); !reason.empty())
            text += "  not usable: " + reason;
        lines.push_back((first ? "Recipes: " : "         ") + printable(text));
        first = false;
    }
    return lines;
}

}  // namespace darkroom::cli
