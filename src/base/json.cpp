#include "base/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <set>
#include <vector>

namespace darkroom {
namespace {

namespace json = boost::json;

// Builds the value and watches what Boost.JSON does not: repeated names and NUL bytes.
class StrictHandler {
public:
    static constexpr std::size_t max_object_size = 100'000;
    static constexpr std::size_t max_array_size = 100'000;
    static constexpr std::size_t max_key_size = 4'096;
    static constexpr std::size_t max_string_size = 16u << 20;

    const char* complaint = nullptr;

    json::value release() { return stack_.release(); }

    bool on_document_begin(json::error_code&) {
        stack_.reset();
        return true;
    }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        names_.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t n, json::error_code&) {
        names_.pop_back();
        stack_.push_object(n);
        return true;
    }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t n, json::error_code&) {
        stack_.push_array(n);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        key_.append(part.data(), part.size());
        stack_.push_chars(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& error) {
        key_.append(part.data(), part.size());
        stack_.push_key(part);
        if (key_.find('\0') != std::string::npos) return refuse("a name holds a NUL character", error);
        if (!names_.back().insert(std::move(key_)).second)
            return refuse("a name occurs twice in one object", error);
        key_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code& error) {
        if (part.find('\0') != json::string_view::npos)
            return refuse("a string holds a NUL character", error);
        stack_.push_chars(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code& error) {
        if (part.find('\0') != json::string_view::npos)
            return refuse("a string holds a NUL character", error);
        stack_.push_string(part);
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
        stack_.push_int64(number);
        return true;
    }
    bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
        stack_.push_uint64(number);
        return true;
    }
    bool on_double(double number, json::string_view, json::error_code& error) {
        if (!(number - number == 0)) return refuse("a number is too large", error);
        stack_.push_double(number);
        return true;
    }
    bool on_bool(bool value, json::error_code&) {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(json::error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    bool refuse(const char* why, json::error_code& error) {
        complaint = why;
        error = json::error::syntax;
        return false;
    }

    json::value_stack stack_;
    std::vector<std::set<std::string>> names_;  // of the objects that are open
    std::string key_;
};

}  // namespace

Result<json::value, JsonError> parse_json(std::string_view text, std::size_t bytes_max) {
    if (text.empty()) return Fail(JsonError{"the body is empty; a JSON value was expected"});
    if (text.size() > bytes_max)
        return Fail(JsonError{"the JSON text is larger than " + std::to_string(bytes_max) + " bytes"});
    json::parse_options options;
    options.max_depth = 32;
    json::basic_parser<StrictHandler> parser(options);
    json::error_code error;
    const auto read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && read < text.size()) error = json::error::extra_data;
    if (error) {
        const char* complaint = parser.handler().complaint;
        return Fail(JsonError{(complaint != nullptr ? std::string(complaint) : error.message()) +
                              " (near byte " + std::to_string(read) + ")"});
    }
    return parser.handler().release();
}

std::string json_pointer_token(std::string_view name) {
    std::string token;
    for (const char c : name) {
        if (c == '~') {
            token += "~0";
        } else if (c == '/') {
            token += "~1";
        } else {
            token.push_back(c);
        }
    }
    return token;
}

namespace {

// Length of the valid UTF-8 sequence at `at` (RFC 3629), 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
    };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const bool overlong = lead == 0xe0 && byte(1) < 0xa0;
        const bool surrogate = lead == 0xed && byte(1) > 0x9f;
        return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const bool overlong = lead == 0xf0 && byte(1) < 0x90;
        const bool beyond = lead == 0xf4 && byte(1) > 0x8f;
        return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

void append_escaped(std::string& out, unsigned char c) {
    constexpr char digits[] = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out.push_back(digits[c >> 4]);
            out.push_back(digits[c & 0x0f]);
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    for (std::size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        const auto length = utf8_length(text, at);
        if (length == 0) {
            out += "\xef\xbf\xbd";
            ++at;
        } else if (length == 1 && (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)) {
            append_escaped(out, c);
            ++at;
        } else {
            out.append(text.substr(at, length));
            at += length;
        }
    }
    out.push_back('"');
}

}  // namespace darkroom
