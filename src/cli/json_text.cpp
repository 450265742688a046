#include "cli/json_text.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <charconv>

#include "base/json.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

std::string number_text(double number) {
    std::array<char, 64> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    std::string text(buffer.data(), end);
    // A whole double stays one when it is read again.
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

void append(std::string& out, const json::value& value);

void append_object(std::string& out, const json::object& object) {
    out.push_back('{');
    bool first = true;
    for (const auto& [name, member] : object) {
        if (!std::exchange(first, false)) out.push_back(',');
        append_json_string(out, {name.data(), name.size()});
        out.push_back(':');
        append(out, member);
    }
    out.push_back('}');
}

void append_array(std::string& out, const json::array& array) {
    out.push_back('[');
    bool first = true;
    for (const auto& element : array) {
        if (!std::exchange(first, false)) out.push_back(',');
        append(out, element);
    }
    out.push_back(']');
}

// As deep as the value; those that come from outside are at most 32 levels (base/json.h).
void append(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            out += "null";
            return;
        case json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            return;
        case json::kind::int64:
            out += std::to_string(value.get_int64());
            return;
        case json::kind::uint64:
            out += std::to_string(value.get_uint64());
            return;
        case json::kind::double_:
            out += number_text(value.get_double());
            return;
        case json::kind::string:
            append_json_string(out, {value.get_string().data(), value.get_string().size()});
            return;
        case json::kind::array:
            return append_array(out, value.get_array());
        case json::kind::object:
            return append_object(out, value.get_object());
    }
}

}  // namespace

std::string json_text(const json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

}  // namespace darkroom::cli
