// The `onnx:` part of a recipe: which stage of a built-in operation a network takes over, and how it is fed.
// Checked here to the last member; the pixel process reads the same words (imaging/networks/stage_plan.h).
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "recipes/recipe_finding.h"

namespace darkroom::recipes {

struct OnnxUse {
    std::string stage;         // coarse_mask, alpha, inpaint, upscale_x4
    boost::json::object plan;  // all of it, for the pixel process
    TextPlace place;
};

OnnxUse read_onnx(const YamlNode& node, RecipeFindings& findings);

/// Whether the operation of `type` has such a stage.
bool has_stage(std::string_view type, std::string_view stage);

}  // namespace darkroom::recipes
