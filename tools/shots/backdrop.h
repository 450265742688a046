// What things are photographed on: paper sweeps, walls, felt, wood; and the shadow they throw on it.
#pragma once
#include <opencv2/core.hpp>
#include <string_view>

#include "tools/shots/random.h"

namespace darkroom::shots {

enum class Backdrop { white, grey_sweep, colour_sweep, felt, wood, beige };
inline constexpr int backdrop_count = 6;

std::string_view name_of(Backdrop backdrop);

/// Linear light, CV_32FC3.
cv::Mat draw_backdrop(Backdrop backdrop, cv::Size size, Random& random);

struct ShadowPlan {
    double base_y = 0;      // where the object stands, px
    double unit = 1;        // half the object's height, px
    bool lying = false;     // seen from above: the shadow is a shifted outline
    double strength = 0.5;  // 0 none .. 1 black
};

/// How much light the object takes from each pixel of the backdrop, CV_32F 0..1.
cv::Mat draw_shadow(const cv::Mat& coverage, const ShadowPlan& plan, Random& random);

}  // namespace darkroom::shots
