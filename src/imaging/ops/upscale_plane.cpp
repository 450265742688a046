#include "imaging/ops/upscale_plane.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::imaging {
namespace {

// Measured on generated scenes with text and edges, 512 -> 2048, PSNR over Lanczos: no clamping +0.8 dB, a
// margin of 0.1 +1.1 dB, of 0.05 +1.2 dB, of 0 +1.3 dB but a consistency of only 41 dB.
constexpr double clamp_margin = 0.05;
// Back-projection alone leaves slopes as wide as four pixels of the result. Measured on packshots, logos,
// scenes and charts, area, bicubic and JPEG: 0.55 dB over Lanczos without steepening, 1.04 dB with these.
constexpr int rounds = 2;
constexpr float steepening = 0.25F;
constexpr float curvature_full = 4;    // levels per pixel squared at which a slope is taken for an edge
constexpr double curvature_scale = 1;  // px, of the blur that keeps noise from being one

cv::Mat average_down(const cv::Mat& high, cv::Size size) {
    cv::Mat low;
    cv::resize(high, low, size, 0, 0, cv::INTER_AREA);
    return low;
}

/// A step of a shock filter (Osher and Rudin 1990): each pixel moves towards the least or the largest of its
/// neighbours, whichever side of the edge it is on, so that slopes grow steep without overshooting.
void steepen(cv::Mat& high) {
    cv::Mat calm, curvature, least, most;
    const cv::Mat nine = cv::getStructuringElement(cv::MORPH_RECT, {3, 3});
    cv::GaussianBlur(high, calm, {}, curvature_scale);
    cv::Laplacian(calm, curvature, CV_32F);
    cv::erode(high, least, nine);
    cv::dilate(high, most, nine);
    cv::parallel_for_({0, high.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            auto* out = high.ptr<float>(y);
            const auto* bend = curvature.ptr<float>(y);
            const auto* low = least.ptr<float>(y);
            const auto* up = most.ptr<float>(y);
            for (int x = 0; x < high.cols; ++x) {
                const float share = steepening * std::min(1.0F, std::abs(bend[x]) / curvature_full);
                out[x] += share * ((bend[x] > 0 ? low[x] : up[x]) - out[x]);
            }
        }
    });
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
    for (int round = 0; round < rounds; ++round) {
        project_back(high, low);
        clamp_to_neighbours(high, low);
        steepen(high);
    }
    project_back(high, low);
    clamp_to_neighbours(high, low);
    return high;
}

double consistency_error(const cv::Mat& high, const cv::Mat& low) {
    return cv::norm(average_down(high, low.size()), low, cv::NORM_L2SQR) / static_cast<double>(low.total());
}

}  // namespace darkroom::imaging
