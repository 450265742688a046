#include "recipes/map_reader.h"

#include <algorithm>
#include <boost/json/value.hpp>

#include "base/nearest.h"
#include "recipes/canonical_json.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

constexpr std::size_t findings_max = 100;

}  // namespace

bool has_errors(const RecipeFindings& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const RecipeFinding& finding) { return finding.severity == Severity::error; });
}

MapReader::MapReader(const YamlNode& node, std::string label, RecipeFindings& findings)
    : node_(node), label_(std::move(label)), findings_(findings) {
    if (node_.kind != YamlNode::Kind::mapping)
        complain(node_.place, "wrong_type",
                 (label_.empty() ? std::string("a recipe") : label_) +
                     " must be a mapping (name: value), not " + std::string(kind_in_words(node_.kind)));
}

void MapReader::complain(TextPlace place, std::string code, std::string detail) {
    if (findings_.size() < findings_max)
        findings_.push_back({Severity::error, place, std::move(code), std::move(detail)});
}

std::string MapReader::named(std::string_view name) const {
    return label_.empty() ? std::string(name) : label_ + "." + std::string(name);
}

void MapReader::wrong_kind(std::string_view name, const YamlNode& node, std::string_view expected) {
    complain(
        node.place, "wrong_type",
        named(name) + " must be " + std::string(expected) + ", not " + std::string(kind_in_words(node.kind)));
}

const YamlNode* MapReader::member(std::string_view name, Need need) {
    asked_.push_back(name);
    const auto* found = node_.find(name);
    if (found == nullptr && need == Need::required && node_.kind == YamlNode::Kind::mapping)
        complain(node_.place, "missing_key", named(name) + " is missing");
    return found;
}

std::string MapReader::text(std::string_view name, Need need, std::size_t bytes_max) {
    const auto* node = member(name, need);
    if (node == nullptr) return {};
    if (node->kind != YamlNode::Kind::string) {
        wrong_kind(name, *node, "a text (in quotes where it looks like something else)");
    } else if (node->text.empty() || node->text.size() > bytes_max) {
        complain(node->place, "wrong_value",
                 named(name) + " must have 1 to " + std::to_string(bytes_max) + " bytes");
    } else {
        return node->text;
    }
    return {};
}

std::string MapReader::node_id(std::string_view name, Need need) {
    const auto* node = member(name, need);
    if (node == nullptr) return {};
    const bool fits = node->kind == YamlNode::Kind::string || node->kind == YamlNode::Kind::integer;
    if (!fits || node->text.empty() || node->text.size() > 200) {
        wrong_kind(name, *node, "the id of a node, as in \"60\", or title:Its title");
        return {};
    }
    return node->text;
}

std::int64_t MapReader::whole(std::string_view name, std::int64_t fallback, std::int64_t low,
                              std::int64_t high, Need need) {
    const auto* node = member(name, need);
    if (node == nullptr) return fallback;
    const auto value = to_json(*node);
    if (value.is_int64() && value.get_int64() >= low && value.get_int64() <= high) return value.get_int64();
    complain(node->place, node->kind == YamlNode::Kind::integer ? "wrong_value" : "wrong_type",
             named(name) + " must be a whole number between " + std::to_string(low) + " and " +
                 std::to_string(high));
    return fallback;
}

std::optional<double> MapReader::number(std::string_view name, double low, double high) {
    const auto* node = member(name);
    if (node == nullptr) return std::nullopt;
    const auto value = to_json(*node);
    if (value.is_number()) {
        const auto number = value.to_number<double>();
        if (number >= low && number <= high) return number;
    }
    complain(node->place, value.is_number() ? "wrong_value" : "wrong_type",
             named(name) + " must be a number between " + canonical_json(boost::json::value(low)) + " and " +
                 canonical_json(boost::json::value(high)));
    return std::nullopt;
}

bool MapReader::flag(std::string_view name, bool fallback) {
    const auto* node = member(name);
    if (node == nullptr) return fallback;
    if (node->kind == YamlNode::Kind::boolean) return to_json(*node).get_bool();
    wrong_kind(name, *node, "true or false");
    return fallback;
}

std::string MapReader::word(std::string_view name, const std::vector<std::string_view>& words, Need need) {
    const auto* node = member(name, need);
    if (node == nullptr) return std::string(words.front());
    if (node->kind == YamlNode::Kind::string &&
        std::find(words.begin(), words.end(), node->text) != words.end())
        return node->text;
    std::string list;
    for (const auto each : words) list += (list.empty() ? "" : ", ") + std::string(each);
    auto detail = named(name) + " must be one of " + list;
    if (const auto meant = nearest_word(node->text, words))
        detail += "; did you mean " + quoted(*meant) + "?";
    complain(node->place, "wrong_value", std::move(detail));
    return std::string(words.front());
}

std::vector<std::string> MapReader::texts(std::string_view name, Need need) {
    std::vector<std::string> found;
    if (member(name, need) == nullptr) return found;
    const auto* items = list(name);
    if (items == nullptr) return found;
    for (const auto& item : *items) {
        if (item.kind == YamlNode::Kind::string && !item.text.empty() && item.text.size() <= 200) {
            found.push_back(item.text);
        } else {
            wrong_kind(name, item, "a list of texts");
        }
    }
    return found;
}

const std::vector<YamlNode>* MapReader::list(std::string_view name) {
    const auto* node = member(name);
    if (node == nullptr) return nullptr;
    if (node->kind == YamlNode::Kind::sequence) return &node->items;
    wrong_kind(name, *node, "a list");
    return nullptr;
}

void MapReader::refuse_others() {
    for (const auto& member : node_.members) {
        if (std::find(asked_.begin(), asked_.end(), member.name) != asked_.end()) continue;
        auto detail = "unknown key " + quoted(member.name) + (label_.empty() ? "" : " in " + label_);
        if (const auto meant = nearest_word(member.name, asked_))
            detail += "; did you mean " + quoted(*meant) + "?";
        complain(member.place, "unknown_key", std::move(detail));
    }
}

}  // namespace darkroom::recipes
