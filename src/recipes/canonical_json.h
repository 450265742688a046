// One text for one meaning: names sorted, no blanks, numbers in their shortest form. What is equal is equal
// byte for byte, so the text can be compared, hashed and used as a key.
#pragma once
#include <boost/json/value.hpp>
#include <string>

namespace darkroom::recipes {

std::string canonical_json(const boost::json::value& value);
std::string canonical_json(const boost::json::object& object);

/// The same value with every whole number as an integer: 8.0 and 8e0 become 8, -0.0 becomes 0. Beyond 2^53
/// doubles stay.
boost::json::value with_whole_numbers(const boost::json::value& value);

}  // namespace darkroom::recipes
