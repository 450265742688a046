// How a network is fed and what its answer means: the `onnx:` part of a recipe, as JSON, with the SHA-256 of
// the file. The gateway puts it into an order's params.
//
//   stage    coarse_mask | alpha | inpaint | upscale_x4
//   input    name (null = the network's only one), mask (inpaint: name of the input that takes the hole; null
//   =
//            the hole is the fourth channel), size [w,h] ([0,0] = as the picture is), layout NCHW|NHWC,
//            order RGB|BGR, scale (default 1/255) or divide_by_max, mean [3], std [3]
//   output   name, or index among its outputs, channel (masks), activation none|sigmoid, normalise
//   none|minmax,
//            range (pictures: what is white, default 1)
//   tile     upscale_x4: {size, overlap}; size 0 = the whole picture at once
//   selftest {fixture: disc_on_grey, min_iou}
//   sha256   hex
#pragma once
#include <array>
#include <boost/json/object.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "imaging/ops/model_stage.h"

namespace darkroom::imaging {

struct StagePlan {
    StageKind kind = StageKind::coarse_mask;
    std::string sha256;

    std::string input_name;
    std::string hole_name;
    cv::Size size;
    bool channels_last = false;
    bool bgr = false;
    bool divide_by_max = false;
    double scale = 1.0 / 255;
    std::array<double, 3> mean{0, 0, 0};
    std::array<double, 3> deviation{1, 1, 1};

    std::string output_name;
    int output_index = 0;
    int output_channel = 0;
    bool sigmoid = false;
    bool minmax = false;
    double output_range = 1;

    int tile_size = 0;
    int tile_overlap = 0;
    double min_iou = 0.9;
};

/// The error says which member is wrong. Unknown members are an error: a mistyped `mean` must not be zero.
Result<StagePlan, std::string> read_stage_plan(const boost::json::object& plan);

std::string_view name_of(StageKind kind);

}  // namespace darkroom::imaging
