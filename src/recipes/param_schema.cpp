#include "recipes/param_schema.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include "base/check.h"
#include "base/json.h"
#include "base/nearest.h"
#include "recipes/canonical_json.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

bool kind_matches(std::string_view type, const json::value& value) {
    if (type == "null") return value.is_null();
    if (type == "boolean") return value.is_bool();
    if (type == "string") return value.is_string();
    if (type == "array") return value.is_array();
    if (type == "object") return value.is_object();
    return value.is_number();  // an integer's fraction is for the sentence of its rule, not for the choice
                               // between alternatives
}

}  // namespace

ParamSchema::ParamSchema(const json::object& source, std::string label)
    : source_(source), label_(std::move(label)) {
    if (const auto* alternatives = source.if_contains("anyOf")) {
        for (const auto& alternative : alternatives->as_array())
            alternatives_.emplace_back(alternative.as_object(), label_);
    } else if (const auto* properties = source.if_contains("properties")) {
        for (const auto& property : properties->as_object()) names_.emplace_back(view(property.key()));
        std::sort(names_.begin(), names_.end());
        for (const auto& name : names_) {
            parts_.emplace_back(properties->as_object().at(name).as_object(),
                                label_.empty() ? name : label_ + "." + name);
        }
    } else {
        leaf_.emplace(source);
    }
    const auto* value = source.if_contains("default");
    default_ = is_object() ? complete(json::object()) : complete(value != nullptr ? *value : json::value());
}

const ParamSchema* ParamSchema::part(std::string_view name) const {
    const auto at = std::lower_bound(names_.begin(), names_.end(), name);
    return at != names_.end() && *at == name ? &parts_[static_cast<std::size_t>(at - names_.begin())]
                                             : nullptr;
}

bool ParamSchema::takes(const json::value& value) const {
    const auto& types = source_.at("type");
    if (types.is_string()) return kind_matches(view(types.get_string()), value);
    const auto& all = types.as_array();
    return std::any_of(all.begin(), all.end(),
                       [&](const json::value& type) { return kind_matches(view(type.as_string()), value); });
}

void ParamSchema::check(const json::value& value, const std::string& pointer,
                        std::vector<ParamProblem>& problems) const {
    if (problems.size() >= problems_max) return;
    if (leaf_) {
        if (const auto violation = leaf_->violated_by(value))
            problems.push_back(wrong(*violation, value, pointer));
        return;
    }
    for (const auto& alternative : alternatives_) {
        if (alternative.takes(value)) return alternative.check(value, pointer, problems);
    }
    if (alternatives_.empty() && value.is_object()) return check_parts(value.get_object(), pointer, problems);
    problems.push_back(wrong({"", "type"}, value, pointer));
}

void ParamSchema::check_parts(const json::object& object, const std::string& pointer,
                              std::vector<ParamProblem>& problems) const {
    for (const auto& member : object) {
        if (problems.size() >= problems_max) return;
        const auto name = view(member.key());
        if (const auto* known = part(name)) {
            known->check(member.value(), pointer + "/" + std::string(name), problems);
        } else {
            problems.push_back(unknown(name, pointer));
        }
    }
}

ParamProblem ParamSchema::unknown(std::string_view name, const std::string& pointer) const {
    const std::vector<std::string_view> names(names_.begin(), names_.end());
    auto detail = "unknown param " + quoted(name) + (label_.empty() ? "" : " in " + label_);
    if (const auto meant = nearest_word(name, names)) detail += "; did you mean " + quoted(*meant) + "?";
    return {pointer + "/" + json_pointer_token(name), problem_code::params_unknown_field, std::move(detail)};
}

ParamProblem ParamSchema::wrong(const LeafRule::Violation& violation, const json::value& value,
                                const std::string& pointer) const {
    auto label = label_.empty() ? std::string("params") : label_;
    const json::object* schema = &source_;
    const json::value* blamed = &value;
    // Leaves have at most one level below them: the elements of an array.
    if (!violation.pointer.empty() && value.is_array()) {
        const auto index = std::stoul(violation.pointer.substr(1));
        schema = &source_.at("items").as_object();
        blamed = &value.get_array().at(index);
        label += "[" + std::to_string(index) + "]";
    }
    const bool only_range = violation.keyword == "minimum" || violation.keyword == "maximum";
    auto detail = label + " must be " + (only_range ? range_of(*schema) : expected_by(*schema)) + ", got " +
                  shown(*blamed);
    return {pointer + violation.pointer, problem_code::params_invalid, std::move(detail)};
}

json::value ParamSchema::complete(const json::value& value) const {
    for (const auto& alternative : alternatives_) {
        if (alternative.takes(value)) return alternative.complete(value);
    }
    if (!is_object()) return value;
    const auto& sent = value.as_object();
    json::object whole;
    whole.reserve(parts_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const auto* given = sent.if_contains(names_[i]);
        whole.emplace(names_[i], given != nullptr ? parts_[i].complete(*given) : parts_[i].default_value());
    }
    return whole;
}

}  // namespace darkroom::recipes
