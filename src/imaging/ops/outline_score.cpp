#include "imaging/ops/outline_score.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace darkroom::imaging {
namespace {

constexpr int bins = 16;  // per channel of Lab

std::vector<double> histogram(const cv::Mat& lab, const cv::Mat& mask) {
    std::vector<double> counts(static_cast<std::size_t>(bins * bins * bins));
    double total = 0;
    const auto bin = [](float value, float low, float high) {
        return std::clamp(static_cast<int>((value - low) / (high - low) * bins), 0, bins - 1);
    };
    for (int y = 0; y < lab.rows; ++y) {
        for (int x = 0; x < lab.cols; ++x) {
            if (mask.at<uchar>(y, x) == 0) continue;
            const cv::Vec3f& pixel = lab.at<cv::Vec3f>(y, x);
            const int at =
                (bin(pixel[0], 0, 100) * bins + bin(pixel[1], -64, 64)) * bins + bin(pixel[2], -64, 64);
            counts[static_cast<std::size_t>(at)] += 1;
            total += 1;
        }
    }
    for (double& count : counts) count /= std::max(1.0, total);
    return counts;
}

}  // namespace

double colour_overlap(const cv::Mat& lab, const cv::Mat& first, const cv::Mat& second) {
    const std::vector<double> a = histogram(lab, first);
    const std::vector<double> b = histogram(lab, second);
    double overlap = 0;  // Bhattacharyya coefficient
    for (std::size_t i = 0; i < a.size(); ++i) overlap += std::sqrt(a[i] * b[i]);
    return overlap;
}

double outline_score(const cv::Mat& lab, const cv::Mat& mask) {
    cv::Mat outline;
    cv::morphologyEx(mask, outline, cv::MORPH_GRADIENT, cv::Mat::ones(3, 3, CV_8U));
    cv::Mat slope_x;
    cv::Mat slope_y;
    cv::Sobel(lab, slope_x, CV_32F, 1, 0, 3, 1.0 / 8);
    cv::Sobel(lab, slope_y, CV_32F, 0, 1, 3, 1.0 / 8);
    double sum = 0;
    int length = 0;
    for (int y = 1; y + 1 < mask.rows; ++y) {  // where the mask meets the frame there is no edge to see
        for (int x = 1; x + 1 < mask.cols; ++x) {
            if (outline.at<uchar>(y, x) == 0) continue;
            const double steepness = std::sqrt(cv::norm(slope_x.at<cv::Vec3f>(y, x), cv::NORM_L2SQR) +
                                               cv::norm(slope_y.at<cv::Vec3f>(y, x), cv::NORM_L2SQR));
            sum += std::min(steepness, 12.0);  // one very hard edge must not outvote a long missing one
            ++length;
        }
    }
    if (length == 0) return 0;
    return sum / length * (1 - 0.8 * colour_overlap(lab, mask, ~mask));
}

}  // namespace darkroom::imaging
