// `-p key=value` flags into the params object of a job. Pure; whether a type knows the param is the server's
// to say.
#pragma once
#include <boost/json/object.hpp>
#include <span>
#include <string>

#include "base/result.h"

namespace darkroom::cli {

/// A value that is valid JSON is taken as such, anything else as a string: 8, true, [1,2] and auto need no
/// quotes. Dots in the key make nested objects: halo.mode=strong. The error is a sentence about the first bad
/// flag.
Result<boost::json::object, std::string> params_from_flags(std::span<const std::string> flags);

/// Writes `over` over `params`: objects member by member, everything else as a whole.
void merge_params(boost::json::object& params, const boost::json::object& over);

}  // namespace darkroom::cli
