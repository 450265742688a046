#include "imaging/ops/confidence.h"

#include <algorithm>

#include "imaging/ops/outline_score.h"

namespace darkroom::imaging {
namespace {

double unresolved_share(const cv::Mat& alpha, const Trimap& trimap) {
    const cv::Mat unknown = trimap.labels == Trimap::unknown;
    const cv::Mat soft = (alpha > 0.1F) & (alpha < 0.9F) & unknown;
    return static_cast<double>(cv::countNonZero(soft)) / std::max(1, cv::countNonZero(unknown));
}

double frame_share(const cv::Mat& mask) {
    const int touched = cv::countNonZero(mask.row(0)) + cv::countNonZero(mask.row(mask.rows - 1)) +
                        cv::countNonZero(mask.col(0)) + cv::countNonZero(mask.col(mask.cols - 1));
    return static_cast<double>(touched) / (2.0 * (mask.rows + mask.cols));
}

}  // namespace

double estimate_confidence(const WorkingCopy& copy, const Segmentation& segmentation, const cv::Mat& alpha,
                           const Trimap& trimap) {
    const double overlap = colour_overlap(copy.lab, segmentation.mask, ~segmentation.mask);
    const double faint = std::clamp(1 - segmentation.score / 4, 0.0, 1.0);
    const double doubt = 0.9 * faint * faint + 0.5 * overlap +
                         0.8 * std::max(0.0, unresolved_share(alpha, trimap) - 0.25) +
                         0.8 * frame_share(segmentation.mask);
    return std::clamp(1 - doubt, 0.0, 1.0);
}

}  // namespace darkroom::imaging
