#include "bench/imaging/shrink.h"

#include <algorithm>
#include <cmath>

namespace darkroom::bench {
namespace {

/// Keys' kernel with a = -0.5, as most programs have it.
double cubic(double x) {
    x = std::abs(x);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
    return 0;
}

/// Row i holds the weights by which pixel i of the small line sums up the large line.
cv::Mat weights(int large, int small) {
    const double scale = static_cast<double>(large) / small;
    cv::Mat matrix = cv::Mat::zeros(small, large, CV_32F);
    for (int i = 0; i < small; ++i) {
        const double centre = (i + 0.5) * scale - 0.5;
        double sum = 0;
        const int first = static_cast<int>(std::ceil(centre - 2 * scale));
        const int last = static_cast<int>(std::floor(centre + 2 * scale));
        for (int at = first; at <= last; ++at) {
            const double weight = cubic((at - centre) / scale);
            matrix.at<float>(i, std::clamp(at, 0, large - 1)) += static_cast<float>(weight);
            sum += weight;
        }
        matrix.row(i) /= sum;
    }
    return matrix;
}

}  // namespace

cv::Mat shrunk_bicubic(const cv::Mat& picture, cv::Size size) {
    const cv::Mat across = weights(picture.cols, size.width).t();
    const cv::Mat down = weights(picture.rows, size.height);
    std::vector<cv::Mat> planes;
    cv::split(picture, planes);
    for (cv::Mat& plane : planes) {
        cv::Mat exact;
        plane.convertTo(exact, CV_32F);
        const cv::Mat narrow = exact * across;
        const cv::Mat small = down * narrow;
        small.convertTo(plane, CV_8U);
    }
    cv::Mat result;
    cv::merge(planes, result);
    return result;
}

}  // namespace darkroom::bench
