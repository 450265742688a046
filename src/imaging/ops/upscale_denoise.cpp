#include "imaging/ops/upscale_denoise.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace darkroom::imaging {
namespace {

constexpr int window = 3;       // 7 x 7 candidates
constexpr int patch = 3;        // 3 x 3 pixels are compared
constexpr int strip_rows = 64;  // fixed, so that the number of threads changes nothing

// Sum of squared differences of the three planes between each pixel and the one at an offset, over a patch.
cv::Mat patch_distance(const cv::Mat& centre, const cv::Mat& shifted) {
    cv::Mat difference, channels[3], distance;
    cv::subtract(centre, shifted, difference);
    cv::multiply(difference, difference, difference);
    cv::split(difference, channels);
    cv::boxFilter(channels[0] + channels[1] + channels[2], distance, CV_32F, {patch, patch});
    return distance;
}

// `padded` has `window` more pixels on each side than the strip that is asked for.
cv::Mat denoise_strip(const cv::Mat& padded, double h) {
    const cv::Rect inner(window, window, padded.cols - 2 * window, padded.rows - 2 * window);
    const cv::Mat centre = padded(inner);
    cv::Mat sum = centre.clone();
    cv::Mat weights(centre.size(), CV_32F, cv::Scalar(1));
    for (int dy = -window; dy <= window; ++dy) {
        for (int dx = -window; dx <= window; ++dx) {
            if (dx == 0 && dy == 0) continue;
            const cv::Mat shifted = padded(inner + cv::Point(dx, dy));
            cv::Mat weight, weight3, weighted;
            cv::exp(patch_distance(centre, shifted) * (-1.0 / (3 * h * h)), weight);
            weights += weight;
            cv::merge(std::vector<cv::Mat>{weight, weight, weight}, weight3);
            cv::multiply(shifted, weight3, weighted);
            sum += weighted;
        }
    }
    cv::Mat weights3;
    cv::merge(std::vector<cv::Mat>{weights, weights, weights}, weights3);
    return sum / weights3;
}

}  // namespace

double noise_sigma(const cv::Mat& plane) {
    // Diagonal Haar band: flat areas and straight edges cancel out, noise does not. MAD / 0.6745 is sigma.
    std::vector<float> band;
    const int step = std::max(2, static_cast<int>(std::sqrt(double(plane.total()) / 250'000)) * 2);
    for (int y = 0; y + 1 < plane.rows; y += step) {
        const auto* upper = plane.ptr<float>(y);
        const auto* lower = plane.ptr<float>(y + 1);
        for (int x = 0; x + 1 < plane.cols; x += step) {
            band.push_back(std::abs(upper[x] - upper[x + 1] - lower[x] + lower[x + 1]) / 2);
        }
    }
    if (band.empty()) return 0;
    std::nth_element(band.begin(), band.begin() + static_cast<std::ptrdiff_t>(band.size() / 2), band.end());
    return band[band.size() / 2] / 0.6745;
}

cv::Mat denoise(const cv::Mat& picture, double sigma, double strength) {
    const double h = 2.2 * strength * sigma;
    if (h < 0.3) return picture;  // less than rounding to 8 bits did
    cv::Mat padded;
    cv::copyMakeBorder(picture, padded, window, window, window, window, cv::BORDER_REFLECT_101);
    cv::Mat result(picture.size(), picture.type());
    const int strips = (picture.rows + strip_rows - 1) / strip_rows;
    cv::parallel_for_(cv::Range(0, strips), [&](const cv::Range& range) {
        for (int strip = range.start; strip < range.end; ++strip) {
            const int top = strip * strip_rows, bottom = std::min(picture.rows, top + strip_rows);
            denoise_strip(padded.rowRange(top, bottom + 2 * window), h).copyTo(result.rowRange(top, bottom));
        }
    });
    return result;
}

}  // namespace darkroom::imaging
