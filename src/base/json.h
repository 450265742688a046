// Strict reading of JSON that comes from outside (RFC 8259, and narrower): one value, depth and size bounded,
// no duplicate names, no NUL in strings, numbers that fit their type. Boost.JSON parses; this adds what it
// lets through.
#pragma once
#include <boost/json/string_view.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace darkroom {

struct JsonError {
    std::string detail;  // for the client: what is wrong and at which byte
};

/// Nested deeper than 32 levels, or longer than `bytes_max`, is an error like any other.
Result<boost::json::value, JsonError> parse_json(std::string_view text, std::size_t bytes_max = 1u << 20);

/// Of text in a value, as the standard library reads it.
inline std::string_view view(boost::json::string_view text) { return {text.data(), text.size()}; }

/// RFC 6901 form of one reference token: ~ and / escaped.
std::string json_pointer_token(std::string_view name);

/// Appends `text` as a JSON string, quotes included. Invalid UTF-8 becomes U+FFFD, so the result is always
/// valid.
void append_json_string(std::string& out, std::string_view text);

}  // namespace darkroom
