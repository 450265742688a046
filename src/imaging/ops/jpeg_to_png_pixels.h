// Writing one RGBA pixel from its colour on the 0..255 scale and an alpha of 0..1. Private to the jpeg_to_png
// family.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>

#include "imaging/ops/jpeg_to_png_key.h"

namespace darkroom::imaging {

/// What stands before `key` where `seen` is a mixture with `alpha` (> 0) of it; may lie outside 0..255.
inline Rgb colour_before_key(const Rgb& seen, const Rgb& key, float alpha) {
    return key + (seen - key) * (1 / alpha);
}

/// Rounds up: a rounded-down alpha would need colours beyond 255.
inline int alpha_levels(float alpha, int full) {
    return std::clamp(static_cast<int>(std::ceil(alpha * static_cast<float>(full) - 1e-3f)), 0, full);
}

inline void set_pixel(cv::Mat& rgba, int y, int x, const Rgb& colour, int alpha) {
    if (rgba.depth() == CV_16U) {
        auto& pixel = rgba.at<cv::Vec4w>(y, x);
        for (int c = 0; c < 3; ++c) {
            pixel[c] = static_cast<std::uint16_t>(std::clamp(std::lround(colour[c] * 257), 0L, 65'535L));
        }
        pixel[3] = static_cast<std::uint16_t>(alpha);
        return;
    }
    auto& pixel = rgba.at<cv::Vec4b>(y, x);
    for (int c = 0; c < 3; ++c)
        pixel[c] = static_cast<std::uint8_t>(std::clamp(std::lround(colour[c]), 0L, 255L));
    pixel[3] = static_cast<std::uint8_t>(alpha);
}

inline int full_alpha(const cv::Mat& picture) { return picture.depth() == CV_16U ? 65'535 : 255; }

/// Colours of solid pixels carried outwards over their neighbours, up to a distance.
class NearestSolid {
public:
    /// `solid` is CV_8U; distances are counted in steps to the 8 neighbours.
    NearestSolid(const cv::Mat& picture, const cv::Mat& solid, int distance_max);

    bool known(int y, int x) const { return known_.at<std::uint8_t>(y, x) != 0; }
    const cv::Vec3b& colour(int y, int x) const { return colour_.at<cv::Vec3b>(y, x); }

private:
    cv::Mat known_;
    cv::Mat colour_;
};

}  // namespace darkroom::imaging
