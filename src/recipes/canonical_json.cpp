#include "recipes/canonical_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "base/json.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

constexpr double whole_max =
    9007199254740992.0;  // 2^53: beyond it neighbouring doubles are not neighbouring integers

template <class Number>
void append_number(std::string& out, Number number) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
    DR_CHECK(end.ec == std::errc{});
    out.append(text.data(), end.ptr);
}

void append(std::string& out, const json::value& value);

void append(std::string& out, const json::object& object) {
    std::vector<const json::key_value_pair*> members;
    members.reserve(object.size());
    for (const auto& member : object) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return a->key() < b->key(); });
    out.push_back('{');
    for (const auto* member : members) {
        if (member != members.front()) out.push_back(',');
        append_json_string(out, {member->key().data(), member->key().size()});
        out.push_back(':');
        append(out, member->value());
    }
    out.push_back('}');
}

void append(std::string& out, const json::array& array) {
    out.push_back('[');
    for (std::size_t i = 0; i < array.size(); ++i) {
        if (i > 0) out.push_back(',');
        append(out, array[i]);
    }
    out.push_back(']');
}

void append(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            out += "null";
            break;
        case json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            break;
        case json::kind::int64:
            append_number(out, value.get_int64());
            break;
        case json::kind::uint64:
            append_number(out, value.get_uint64());
            break;
        case json::kind::double_:
            append_number(out, value.get_double());
            break;
        case json::kind::string:
            append_json_string(out, {value.get_string().data(), value.get_string().size()});
            break;
        case json::kind::array:
            append(out, value.get_array());
            break;
        case json::kind::object:
            append(out, value.get_object());
            break;
    }
}

}  // namespace

std::string canonical_json(const json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

std::string canonical_json(const json::object& object) {
    std::string out;
    append(out, object);
    return out;
}

json::value with_whole_numbers(const json::value& value) {
    if (const auto* number = value.if_double()) {
        const bool whole = std::fabs(*number) <= whole_max && std::trunc(*number) == *number;
        return whole ? json::value(static_cast<std::int64_t>(*number)) : value;
    }
    if (const auto* array = value.if_array()) {
        json::array copy;
        copy.reserve(array->size());
        for (const auto& item : *array) copy.push_back(with_whole_numbers(item));
        return copy;
    }
    if (const auto* object = value.if_object()) {
        json::object copy;
        copy.reserve(object->size());
        for (const auto& member : *object) copy.emplace(member.key(), with_whole_numbers(member.value()));
        return copy;
    }
    return value;
}

}  // namespace darkroom::recipes
