// What shops ask of a product picture, and the params of white_bg_ecomm that follow it.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <opencv2/core.hpp>
#include <string_view>

#include "imaging/ops/bg_remove_params.h"

namespace darkroom::imaging {

/// 0 where a shop sets no limit.
struct ShopRules {
    std::string_view preset;
    double fill_min = 0;  // of the canvas, by the subject's box
    double fill_max = 1;
    int long_side_min = 0;
    int short_side_min = 0;
    int long_side_recommended = 0;
    int long_side_max = 0;
    double megapixels_max = 0;
    std::uint64_t file_bytes_max = 0;
    bool white = false;          // the background must be #FFFFFF
    bool whole_subject = false;  // nothing of it may be cut off by the photo's edge
    bool webp = true;
};

/// Those of `custom`, which asks for nothing, where the name is unknown.
const ShopRules& shop_rules(std::string_view preset);

struct EcommParams {
    ShopRules rules;
    cv::Size size{2000, 2000};
    double fill = 0.9;
    bool align_bottom = false;
    cv::Vec3b background{255, 255, 255};
    ShadowParams shadow;
    bool allow_upscale = true;
    int white_distance_px = 12;
    bool tone = false;
    bool strict = true;
    bool preview = false;
};

EcommParams read_ecomm_params(const boost::json::object& params);

}  // namespace darkroom::imaging
