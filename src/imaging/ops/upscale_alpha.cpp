#include "imaging/ops/upscale_alpha.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/upscale_plane.h"

namespace darkroom::imaging {
namespace {

// Between these ranges of alpha around a pixel, soft turns into cut: hair and glass vary less, an outline
// goes all the way.
constexpr float soft_range = 160, cut_range = 240;

float cubic_step(float alpha) {
    // The cubic upsampled edge of a cut shape is about two source pixels wide; half of that is left.
    const float t = std::clamp((alpha / 255 - 0.5f) * 1.6f + 0.5f, 0.0f, 1.0f);
    return t * t * (3 - 2 * t) * 255;
}

cv::Mat local_range(const cv::Mat& alpha, cv::Size size) {
    const cv::Mat nine = cv::getStructuringElement(cv::MORPH_RECT, {3, 3});
    cv::Mat least, most, range;
    cv::erode(alpha, least, nine);
    cv::dilate(alpha, most, nine);
    cv::resize(most - least, range, size, 0, 0, cv::INTER_LINEAR);
    return range;
}

}  // namespace

cv::Mat enlarge_alpha(const cv::Mat& alpha, cv::Size size) {
    cv::Mat high;
    cv::resize(alpha, high, size, 0, 0, cv::INTER_CUBIC);
    clamp_to_neighbours(high, alpha);
    const cv::Mat range = local_range(alpha, size);
    cv::parallel_for_(cv::Range(0, high.rows), [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < high.cols; ++x) {
                auto& pixel = high.at<float>(y, x);
                const float cut =
                    std::clamp((range.at<float>(y, x) - soft_range) / (cut_range - soft_range), 0.0f, 1.0f);
                pixel = std::clamp(pixel + cut * (cubic_step(pixel) - pixel), 0.0f, 255.0f);
            }
        }
    });
    return high;
}

}  // namespace darkroom::imaging
