#include "imaging/ops/confidence.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/outline_score.h"

namespace darkroom::imaging {
namespace {

constexpr double clear_outline = 5;  // of outline_score: above it contrast says nothing more
constexpr double loss_to_doubt = 8;  // an expected loss of 0.05 is a confidence of 0.6

double share_of(const cv::Mat& part, const cv::Mat& whole) {
    return static_cast<double>(cv::countNonZero(part & whole)) / std::max(1, cv::countNonZero(whole));
}

/// Half-transparent pixels weigh most; 0 where every pixel is decided.
double unresolved_share(const cv::Mat& alpha) {
    const cv::Mat undecided = cv::min(alpha, 1 - alpha);
    return cv::sum(undecided)[0] / std::max(1.0, cv::sum(alpha)[0]);
}

double frame_share(const cv::Mat& mask) {
    const int touched = cv::countNonZero(mask.row(0)) + cv::countNonZero(mask.row(mask.rows - 1)) +
                        cv::countNonZero(mask.col(0)) + cv::countNonZero(mask.col(mask.cols - 1));
    return static_cast<double>(touched) / (2.0 * (mask.rows + mask.cols));
}

}  // namespace

double estimate_confidence(const WorkingCopy& copy, const BorderModel& model,
                           const Segmentation& segmentation, const cv::Mat& alpha) {
    const cv::Mat& mask = segmentation.mask;
    cv::Mat core;
    cv::Mat around;
    cv::erode(mask, core, cv::Mat::ones(5, 5, CV_8U));
    cv::dilate(mask, around, cv::Mat::ones(15, 15, CV_8U));
    around &= ~mask;
    const double faint = std::max(0.0, 1 - segmentation.score / clear_outline);
    const double overlap = colour_overlap(copy.lab, mask, around);
    const double thin = 1 - share_of(core, mask);
    const double like_background = std::min(0.2, share_of(model.distance < model.far, mask));
    // Thin things are soft all over, so softness alone means less for them: hence the negative weight.
    const double loss = 0.0015 + 0.0133 * faint * faint + 0.0352 * overlap + 1.015 * unresolved_share(alpha) -
                        0.0998 * thin + 0.377 * like_background + 0.1 * frame_share(mask);
    return std::clamp(1 - loss_to_doubt * loss, 0.0, 1.0);
}

}  // namespace darkroom::imaging
