// Schemas and values in words, for sentences such as: tolerance must be between 0 and 60, got 99.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace darkroom::recipes {

/// What a schema wants, to be read after "must be": "a whole number between 512 and 4096", "one of auto, png,
/// webp".
std::string expected_by(const boost::json::object& schema);
/// The same where the kind is right and only the range is not: "between 512 and 4096". Falls back to
/// expected_by.
std::string range_of(const boost::json::object& schema);
/// A value as a client would recognise it, cut short where it is long.
std::string shown(const boost::json::value& value);
/// A name from the client, in quotes, cut short, safe in logs and terminals.
std::string quoted(std::string_view name);

}  // namespace darkroom::recipes
