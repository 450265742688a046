#include "imaging/codec/thumbnail.h"

#include <opencv2/imgproc.hpp>

#include "imaging/codec/resize.h"

namespace darkroom::imaging {
namespace {

constexpr int square = 16;
constexpr int light = 255, dark = 232;  // visible, yet quiet behind a picture

cv::Mat on_checkerboard(const cv::Mat& rgba) {
    cv::Mat result(rgba.size(), CV_8UC3);
    for (int y = 0; y < rgba.rows; ++y) {
        for (int x = 0; x < rgba.cols; ++x) {
            const auto& pixel = rgba.at<cv::Vec4b>(y, x);
            const int board = (x / square + y / square) % 2 == 0 ? light : dark;
            auto& shown = result.at<cv::Vec3b>(y, x);
            for (int c = 0; c < 3; ++c) {
                shown[c] =
                    static_cast<std::uint8_t>((pixel[c] * pixel[3] + board * (255 - pixel[3]) + 127) / 255);
            }
        }
    }
    return result;
}

}  // namespace

cv::Mat draw_thumbnail(const cv::Mat& pixels) {
    const Size size = fitting_size({pixels.cols, pixels.rows}, UINT64_MAX, thumbnail_side);
    cv::Mat small =
        size.width < pixels.cols || size.height < pixels.rows ? reduce_lanczos(pixels, size) : pixels;
    if (small.depth() == CV_16U) small.convertTo(small, CV_8U, 1.0 / 257.0);
    if (small.channels() == 4) return on_checkerboard(small);
    cv::Mat rgb = small;
    if (small.channels() == 1) cv::cvtColor(small, rgb, cv::COLOR_GRAY2RGB);
    return rgb;
}

}  // namespace darkroom::imaging
