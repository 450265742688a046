// Reads JSON as Python writes it: NaN and Infinity stand where numbers may, which no strict reader takes, and
// graphs of other people nest deeply. Bounded in size and depth all the same. Pure.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace darkroom::comfyui {

inline constexpr std::size_t json_depth_max = 128;

/// NaN, Infinity and -Infinity outside of strings become null; nothing else is changed.
std::string without_python_numbers(std::string_view text);

/// `depth_max` is at most json_depth_max. Names that repeat: the last counts, as in Python.
Result<boost::json::value, JsonError> parse_python_json(std::string_view text, std::size_t bytes_max,
                                                        std::size_t depth_max = json_depth_max);

/// The member if it is there and of that kind, else nullptr.
const boost::json::object* object_in(const boost::json::object& object, std::string_view name);
const boost::json::array* array_in(const boost::json::object& object, std::string_view name);
/// "" if it is not there or no string.
std::string text_in(const boost::json::object& object, std::string_view name);

}  // namespace darkroom::comfyui
