// One product shot with its truth: what the camera stored, and which part of it is the product.
// The layers are put together in sRGB, as viewers do it with a cut-out, so that a perfect cut-out gives the
// picture back.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>
#include <string>

#include "tools/shots/backdrop.h"
#include "tools/shots/objects.h"

namespace darkroom::shots {

struct ShotPlan {
    Shape shape = Shape::bottle;
    Backdrop backdrop = Backdrop::white;
    bool near_colour = false;  // the product is nearly the backdrop's colour
    cv::Size size{1024, 1024};
    std::uint64_t seed = 0;
};

struct ProductShot {
    ShotPlan plan;
    cv::Mat picture;     // CV_8UC3 RGB
    cv::Mat alpha;       // CV_32F 0..1
    cv::Mat foreground;  // CV_32FC3, sRGB 0..255 times alpha
    cv::Mat shadow;      // CV_32F 0..1, light taken from the backdrop
};

ProductShot draw_product_shot(const ShotPlan& plan);

/// The set `matte-120`: ten shapes on six backdrops in normal and in near colours. Shot `index` of 0..119 is
/// drawn from seed `first_seed + index`. Constants are tuned on seeds 0..999, figures are quoted on 5000 and
/// up.
inline constexpr int matte_set_size = 2 * shape_count * backdrop_count;
ShotPlan matte_plan(int index, std::uint64_t first_seed, int long_side = 1024);

}  // namespace darkroom::shots
