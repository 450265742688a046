#include "imaging/ops/upscale_plane.h"

#include <opencv2/imgproc.hpp>

namespace darkroom::imaging {
namespace {

// Measured on generated scenes with text and edges, 512 -> 2048, PSNR over Lanczos: no clamping +0.8 dB, a
// margin of 0.1 +1.1 dB, of 0.05 +1.2 dB, of 0 +1.3 dB but a consistency of only 41 dB.
constexpr double clamp_margin = 0.05;
constexpr int rounds = 3;

cv::Mat average_down(const cv::Mat& high, cv::Size size) {
    cv::Mat low;
    cv::resize(high, low, size, 0, 0, cv::INTER_AREA);
    return low;
}

}  // namespace

void project_back(cv::Mat& high, const cv::Mat& low) {
    const cv::Mat missing = low - average_down(high, low.size());
    cv::Mat spread;
    cv::resize(missing, spread, high.size(), 0, 0, cv::INTER_CUBIC);
    high += spread;
}

void clamp_to_neighbours(cv::Mat& high, const cv::Mat& low) {
    const cv::Mat nine = cv::getStructuringElement(cv::MORPH_RECT, {3, 3});
    cv::Mat least, most, bound;
    cv::erode(low, least, nine);
    cv::dilate(low, most, nine);
    const cv::Mat margin = (most - least) * clamp_margin;
    least -= margin;
    most += margin;
    cv::resize(least, bound, high.size(), 0, 0, cv::INTER_LINEAR);
    cv::max(high, bound, high);
    cv::resize(most, bound, high.size(), 0, 0, cv::INTER_LINEAR);
    cv::min(high, bound, high);
}

cv::Mat enlarge_plane(const cv::Mat& low, cv::Size size) {
    cv::Mat high;
    cv::resize(low, high, size, 0, 0, cv::INTER_LANCZOS4);
    for (int round = 0; round < rounds; ++round) project_back(high, low);
    clamp_to_neighbours(high, low);
    return high;
}

double consistency_error(const cv::Mat& high, const cv::Mat& low) {
    return cv::norm(average_down(high, low.size()), low, cv::NORM_L2SQR) / static_cast<double>(low.total());
}

}  // namespace darkroom::imaging
