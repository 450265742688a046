#include "imaging/ops/shop_tone.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::imaging {
namespace {

constexpr double wanted_level = 245;  // a little below white, so that light products keep their drawing
constexpr double ground_min = 110;    // darker grounds were meant to be dark
constexpr double cast_max = 0.25;     // between the channels, of the brightest: more is a coloured ground
constexpr double gain_min = 0.8;
constexpr double gain_max = 2.5;
constexpr double share_min = 0.02;  // of the picture: less ground says little

/// Of the upper quarter of the ground's levels: its shadows are no cast.
cv::Vec3d ground_level(const cv::Mat& rgb, const cv::Mat& alpha) {
    cv::Vec3d level;
    for (int c = 0; c < 3; ++c) {
        std::array<int, 256> counts{};
        int total = 0;
        for (int y = 0; y < rgb.rows; ++y) {
            for (int x = 0; x < rgb.cols; ++x) {
                if (alpha.at<uchar>(y, x) != 0) continue;
                ++counts[rgb.at<cv::Vec3b>(y, x)[c]];
                ++total;
            }
        }
        int above = 0;
        int at = 255;
        while (at > 0 && (above += counts[static_cast<std::size_t>(at)]) * 4 < total) --at;
        level[c] = at;
    }
    return level;
}

}  // namespace

std::optional<cv::Mat> curves_by_ground(const cv::Mat& rgb, const cv::Mat& alpha) {
    const int ground = static_cast<int>(alpha.total()) - cv::countNonZero(alpha);
    if (ground < share_min * static_cast<double>(alpha.total())) return std::nullopt;
    const cv::Vec3d level = ground_level(rgb, alpha);
    const auto [low, high] = std::minmax({level[0], level[1], level[2]});
    if (low < ground_min || (high - low) > cast_max * high) return std::nullopt;
    // In linear light, where a brighter lamp is a factor.
    cv::Vec3d gain;
    for (int c = 0; c < 3; ++c) gain[c] = std::pow(wanted_level / level[c], 2.2);
    gain *= std::clamp(gain[1], gain_min, gain_max) / gain[1];  // as a whole, or a cast would stay
    cv::Mat curves(1, 256, CV_8UC3);
    for (int i = 0; i < 256; ++i) {
        for (int c = 0; c < 3; ++c) {
            const double value = std::pow(std::pow(i / 255.0, 2.2) * gain[c], 1 / 2.2);
            curves.at<cv::Vec3b>(0, i)[c] = cv::saturate_cast<uchar>(value * 255);
        }
    }
    return curves;
}

}  // namespace darkroom::imaging
