#include "bench/imaging/old_score.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "bench/imaging/picture_metrics.h"

namespace darkroom::bench {

DefectScore score_defects(const cv::Mat& found, const AgedPrint& aged) {
    const cv::Mat seen = found > 127;
    cv::Mat near;
    cv::dilate(aged.defects, near, cv::getStructuringElement(cv::MORPH_ELLIPSE, {7, 7}));
    DefectScore score;
    score.recall = static_cast<double>(cv::countNonZero(seen & aged.defects)) /
                   std::max(1, cv::countNonZero(aged.defects));
    score.precision =
        static_cast<double>(cv::countNonZero(seen & near)) / std::max(1, cv::countNonZero(seen));
    return score;
}

double ssim_gain(const cv::Mat& restored, const AgedPrint& aged, const cv::Mat& clean) {
    return ssim(fitted(restored, clean), clean) - ssim(fitted(aged.picture, clean), clean);
}

}  // namespace darkroom::bench
