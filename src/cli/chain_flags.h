// `run bg_remove+upscale_2k FILE -p upscale_2k.target=2048`: types joined by + are the steps of a chain, each
// on what the one before it made. Pure.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace darkroom::cli {

/// The types in their order; one where there is no +.
std::vector<std::string> types_of(std::string_view joined);

/// The steps as POST /jobs takes them. A step is called as its type, the second of a kind upscale_2k_2; every
/// param begins with the name of its step. The error is a sentence.
Result<boost::json::array, std::string> steps_from_flags(const std::vector<std::string>& types,
                                                         const boost::json::object& params);

/// Says in `params` that the region is the input called "mask", unless they say what the region is.
void name_mask(boost::json::object& params);

}  // namespace darkroom::cli
