// From a param to the literal that goes into a workflow, in fixed steps: map, scale and offset, round, clamp,
// format. No expressions, no templates, no code.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "recipes/recipe_file.h"

namespace darkroom::recipes {

/// `type` is number, integer, string or boolean, and what comes out is that. The failure is a sentence.
Result<boost::json::value, std::string> apply_steps(const ValueSteps& steps, const boost::json::value& value,
                                                    std::string_view type);

/// The type of a literal in those words; empty for null, lists and objects.
std::string_view literal_type(const boost::json::value& value);

/// May a value of `type` stand where `literal` stood? ComfyUI writes 1.0 as 1, so whole numbers stand for
/// both.
bool type_fits(std::string_view type, const boost::json::value& literal);

}  // namespace darkroom::recipes
