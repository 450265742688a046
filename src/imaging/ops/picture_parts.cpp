#include "imaging/ops/picture_parts.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::imaging {
namespace {

constexpr double transparent_share_min = 0.005;  // of the pixels: what counts as cut out already

}  // namespace

cv::Mat eight_bit(const cv::Mat& picture) {
    if (picture.depth() == CV_8U) return picture;
    cv::Mat out;
    picture.convertTo(out, CV_8U, 1.0 / 257);
    return out;
}

cv::Mat channel_of(const cv::Mat& picture, int index) {
    cv::Mat out;
    cv::extractChannel(picture, out, index);
    return out;
}

bool is_cut_out_already(const cv::Mat& picture) {
    if (picture.channels() != 4) return false;
    const int transparent = cv::countNonZero(channel_of(picture, 3) < 128);
    return transparent >= transparent_share_min * static_cast<double>(picture.total());
}

boost::json::object matte_measures(const cv::Mat& mask, double confidence) {
    const auto total = static_cast<double>(mask.total());
    const cv::Mat soft = (mask > 5) & (mask < 250);
    const auto rounded = [](double value) { return std::round(value * 1e4) / 1e4; };
    return {{"confidence", rounded(confidence)},
            {"alpha_coverage", rounded(cv::mean(mask)[0] / 255)},
            {"soft_alpha_fraction", rounded(cv::countNonZero(soft) / total)}};
}

cv::Rect visible_box_of(const cv::Mat& alpha) { return cv::boundingRect(alpha > visible_alpha_max); }

}  // namespace darkroom::imaging
