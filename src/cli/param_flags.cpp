#include "cli/param_flags.h"

#include <boost/json/value.hpp>

#include "base/json.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t key_parts_max = 16;

bool is_key_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

Failure<std::string> bad(const std::string& flag, const std::string& why) {
    return Fail("-p " + printable(flag) + ": " + why);
}

Result<json::value, std::string> value_from_text(const std::string& flag, const std::string& text) {
    if (auto parsed = parse_json(text)) return std::move(*parsed);
    if (text.find('\0') != std::string::npos || printable(text).find("\xef\xbf\xbd") != std::string::npos) {
        return bad(flag, "the value holds characters that are not text in UTF-8");
    }
    return json::value(json::string(text));
}

/// Walks to the object that the last part of the key belongs to, making those that are not there.
Result<json::object*, std::string> find_parent(json::object& params, const std::string& flag,
                                               std::string_view& key) {
    auto* parent = &params;
    for (std::size_t parts = 1;; ++parts) {
        const auto dot = key.find('.');
        if (dot == std::string_view::npos) return parent;
        if (parts == key_parts_max) return bad(flag, "the key has too many parts");
        const auto name = key.substr(0, dot);
        auto& child = (*parent)[json::string_view(name.data(), name.size())];
        if (child.is_null()) child.emplace_object();
        if (!child.is_object())
            return bad(flag, std::string(name) + " has been given a value of its own already");
        parent = &child.as_object();
        key.remove_prefix(dot + 1);
    }
}

Result<void, std::string> add(json::object& params, const std::string& flag) {
    const auto equals = flag.find('=');
    if (equals == std::string::npos) return bad(flag, "expected key=value");
    std::string_view key(flag.data(), equals);
    if (key.empty() || key.front() == '.' || key.back() == '.' || key.find("..") != std::string_view::npos) {
        return bad(flag, "the key is empty or has an empty part");
    }
    for (const char c : key) {
        if (c != '.' && !is_key_letter(c))
            return bad(flag, "a key is made of letters, digits, - and _, with dots between parts");
    }
    auto value = value_from_text(flag, flag.substr(equals + 1));
    if (!value) return Fail(std::move(value).error());
    auto parent = find_parent(params, flag, key);
    if (!parent) return Fail(std::move(parent).error());
    const json::string_view name(key.data(), key.size());
    if ((*parent)->contains(name)) return bad(flag, "this key is given twice");
    (*parent)->emplace(name, std::move(*value));
    return {};
}

}  // namespace

Result<json::object, std::string> params_from_flags(std::span<const std::string> flags) {
    json::object params;
    for (const auto& flag : flags) {
        if (auto added = add(params, flag); !added) return Fail(std::move(added).error());
    }
    return params;
}

void merge_params(json::object& params, const json::object& over) {
    for (const auto& member : over) {
        auto* before = params.if_contains(member.key());
        if (before != nullptr && before->is_object() && member.value().is_object()) {
            merge_params(before->get_object(), member.value().get_object());
        } else {
            params.insert_or_assign(member.key(), member.value());
        }
    }
}

}  // namespace darkroom::cli
