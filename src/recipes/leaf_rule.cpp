#include "recipes/leaf_rule.h"

// The only file that includes RapidJSON's validator: the setting changes its types. std::regex follows from
// it; naming that one too would switch it off.
#define RAPIDJSON_SCHEMA_USE_INTERNALREGEX 0
#include <rapidjson/document.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

static_assert(RAPIDJSON_SCHEMA_USE_STDREGEX == 1, "patterns would not be checked");

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <cmath>
#include <string_view>

#include "base/check.h"
#include "recipes/canonical_json.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

rapidjson::SchemaDocument compiled(const json::object& schema) {
    rapidjson::Document document;
    document.Parse(canonical_json(schema).c_str());
    DR_CHECK(!document.HasParseError());
    return rapidjson::SchemaDocument(document);
}

rapidjson::SizeType length_of(std::string_view text) { return static_cast<rapidjson::SizeType>(text.size()); }

// Tells the validator a value piece by piece; false as soon as it is refused.
bool tell(rapidjson::SchemaValidator& validator, const json::value& value);

bool tell_object(rapidjson::SchemaValidator& validator, const json::object& object) {
    if (!validator.StartObject()) return false;
    for (const auto& member : object) {
        const std::string_view name(member.key().data(), member.key().size());
        if (!validator.Key(name.data(), length_of(name), true)) return false;
        if (!tell(validator, member.value())) return false;
    }
    return validator.EndObject(static_cast<rapidjson::SizeType>(object.size()));
}

bool tell_array(rapidjson::SchemaValidator& validator, const json::array& array) {
    if (!validator.StartArray()) return false;
    for (const auto& item : array) {
        if (!tell(validator, item)) return false;
    }
    return validator.EndArray(static_cast<rapidjson::SizeType>(array.size()));
}

bool tell(rapidjson::SchemaValidator& validator, const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return validator.Null();
        case json::kind::bool_:
            return validator.Bool(value.get_bool());
        case json::kind::int64:
            return validator.Int64(value.get_int64());
        case json::kind::uint64:
            return validator.Uint64(value.get_uint64());
        // NaN would pass every comparison.
        case json::kind::double_:
            return std::isfinite(value.get_double()) && validator.Double(value.get_double());
        case json::kind::string:
            return validator.String(value.get_string().c_str(), length_of(value.get_string()), true);
        case json::kind::array:
            return tell_array(validator, value.get_array());
        case json::kind::object:
            return tell_object(validator, value.get_object());
    }
    return false;
}

std::string pointer_text(const rapidjson::SchemaValidator& validator) {
    rapidjson::StringBuffer text;
    validator.GetInvalidDocumentPointer().Stringify(text);
    return {text.GetString(), text.GetSize()};
}

}  // namespace

struct LeafRule::Prepared {
    rapidjson::SchemaDocument document;
    json::array allowed;  // of enum; empty: anything
};

LeafRule::LeafRule(const json::object& schema) {
    DR_CHECK(schema.contains("type"));
    DR_CHECK(!schema.contains("pattern") || schema.contains("maxLength"));
    json::array allowed;
    if (const auto* values = schema.if_contains("enum")) allowed = values->as_array();
    if (const auto* items = schema.if_contains("items")) DR_CHECK(!items->as_object().contains("enum"));
    prepared_ = std::make_unique<Prepared>(Prepared{compiled(schema), std::move(allowed)});
}

LeafRule::~LeafRule() = default;
LeafRule::LeafRule(LeafRule&&) noexcept = default;

std::optional<LeafRule::Violation> LeafRule::violated_by(const json::value& value) const {
    rapidjson::SchemaValidator validator(prepared_->document);
    if (!tell(validator, value)) {
        const char* keyword = validator.GetInvalidSchemaKeyword();
        return Violation{pointer_text(validator), keyword != nullptr ? keyword : "type"};
    }
    const auto& allowed = prepared_->allowed;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
        return Violation{"", "enum"};
    }
    return std::nullopt;
}

}  // namespace darkroom::recipes
