#include "imaging/ops/upscale_sharpen.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace darkroom::imaging {
namespace {

constexpr double edge_variance = 100;  // (10 grey levels)²: where an edge begins
constexpr int strip_rows = 128;        // fixed, so that the number of threads changes nothing

cv::Mat box(const cv::Mat& plane, int radius) {
    cv::Mat mean;
    cv::boxFilter(plane, mean, CV_32F, {2 * radius + 1, 2 * radius + 1}, {-1, -1}, true,
                  cv::BORDER_REFLECT_101);
    return mean;
}

// Detail is the difference to a self-guided filter (He 2010): flat areas are smoothed away, edges stay, so
// that what is left is texture and edge slopes without the wide halo of an unsharp mask.
cv::Mat strip_detail(const cv::Mat& luma, int radius, double noise_sigma, double gain) {
    const cv::Mat mean = box(luma, radius);
    const cv::Mat variance = cv::max(box(luma.mul(luma), radius) - mean.mul(mean), 0.0);
    const cv::Mat slope = variance / (variance + edge_variance);
    const cv::Mat smooth = box(slope, radius).mul(luma) + box(mean - slope.mul(mean), radius);
    const double noise_variance = std::max(noise_sigma * noise_sigma, 0.25) * 4;
    const cv::Mat trust = variance / (variance + noise_variance);
    return (luma - smooth).mul(trust, gain);
}

}  // namespace

cv::Mat edge_detail(const cv::Mat& luma, int radius_px, double noise_sigma, double gain) {
    cv::Mat detail(luma.size(), CV_32F);
    const int strips = (luma.rows + strip_rows - 1) / strip_rows;
    const int reach = 2 * radius_px + 1;  // two box filters, one upon the other
    cv::parallel_for_(cv::Range(0, strips), [&](const cv::Range& range) {
        for (int strip = range.start; strip < range.end; ++strip) {
            const int top = strip * strip_rows, bottom = std::min(luma.rows, top + strip_rows);
            const int from = std::max(0, top - reach), to = std::min(luma.rows, bottom + reach);
            const cv::Mat part = strip_detail(luma.rowRange(from, to).clone(), radius_px, noise_sigma, gain);
            part.rowRange(top - from, bottom - from).copyTo(detail.rowRange(top, bottom));
        }
    });
    return detail;
}

}  // namespace darkroom::imaging
