#include "imaging/ops/foreground_estimate.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace darkroom::imaging {
namespace {

constexpr double wide_radius = 90.0 / 1024;  // of the long side
constexpr double narrow_radius = 6.0 / 1024;
constexpr float weight_enough = 0.02F;  // of a window: with less of it, the wider mean joins in

/// Local mean of `colour` weighted by `weight`; where a window holds too little of it, the wider mean
/// `fallback` fills in.
cv::Mat local_mean(const cv::Mat& colour, const cv::Mat& weight, double radius, const cv::Mat& fallback) {
    cv::Mat sums(colour.size(), CV_32FC4);
    for (int y = 0; y < colour.rows; ++y) {
        for (int x = 0; x < colour.cols; ++x) {
            const float w = weight.at<float>(y, x);
            const cv::Vec3f c = colour.at<cv::Vec3f>(y, x) * w;
            sums.at<cv::Vec4f>(y, x) = {c[0], c[1], c[2], w};
        }
    }
    const int side = 2 * std::max(1, cvRound(radius)) + 1;
    cv::boxFilter(sums, sums, -1, {side, side}, {-1, -1}, true, cv::BORDER_REPLICATE);
    cv::Mat mean(colour.size(), CV_32FC3);
    for (int y = 0; y < colour.rows; ++y) {
        for (int x = 0; x < colour.cols; ++x) {
            const cv::Vec4f sum = sums.at<cv::Vec4f>(y, x);
            const float w = std::max(0.0F, sum[3]);
            const float share = std::min(1.0F, w / weight_enough);
            const cv::Vec3f here = w > 1e-6F ? cv::Vec3f(sum[0], sum[1], sum[2]) / w : cv::Vec3f();
            cv::Vec3f& out = mean.at<cv::Vec3f>(y, x);
            out = here * share + fallback.at<cv::Vec3f>(y, x) * (1 - share);
            for (int c = 0; c < 3; ++c) out[c] = std::clamp(out[c], 0.0F, 1.0F);
        }
    }
    return mean;
}

cv::Mat overall_mean(const cv::Mat& colour, const cv::Mat& weight) {
    cv::Vec3d sum;
    double total = 1e-9;
    for (int y = 0; y < colour.rows; ++y) {
        for (int x = 0; x < colour.cols; ++x) {
            const double w = weight.at<float>(y, x);
            sum += cv::Vec3d(colour.at<cv::Vec3f>(y, x)) * w;
            total += w;
        }
    }
    return {colour.size(), CV_32FC3, cv::Scalar(sum[0] / total, sum[1] / total, sum[2] / total)};
}

cv::Mat all_unmixed(const cv::Mat& picture, const cv::Mat& alpha, const ColourFields& fields) {
    cv::Mat out(picture.size(), CV_32FC3);
    for (int y = 0; y < out.rows; ++y) {
        for (int x = 0; x < out.cols; ++x) {
            out.at<cv::Vec3f>(y, x) =
                unmixed(picture.at<cv::Vec3f>(y, x), alpha.at<float>(y, x),
                        fields.subject.at<cv::Vec3f>(y, x), fields.background.at<cv::Vec3f>(y, x));
        }
    }
    return out;
}

}  // namespace

cv::Vec3f unmixed(cv::Vec3f pixel, float alpha, cv::Vec3f subject, cv::Vec3f background) {
    cv::Vec3f out = subject + alpha * (pixel - alpha * subject - (1 - alpha) * background);
    for (int c = 0; c < 3; ++c) out[c] = std::clamp(out[c], 0.0F, 1.0F);
    return out;
}

ColourFields estimate_colours(const cv::Mat& picture, const cv::Mat& alpha) {
    const double long_side = std::max(picture.cols, picture.rows);
    const cv::Mat rest = 1 - alpha;
    // Pixels that are mostly one thing say what that thing looks like; halves would carry the other colour
    // in.
    const cv::Mat subject_weight = alpha.mul(alpha);
    const cv::Mat background_weight = rest.mul(rest);
    ColourFields fields;
    fields.subject =
        local_mean(picture, subject_weight, wide_radius * long_side, overall_mean(picture, subject_weight));
    fields.background = local_mean(picture, background_weight, wide_radius * long_side,
                                   overall_mean(picture, background_weight));
    const cv::Mat first = all_unmixed(picture, alpha, fields);
    const cv::Mat mid = local_mean(first, subject_weight, 4 * narrow_radius * long_side, fields.subject);
    fields.subject = local_mean(first, subject_weight, narrow_radius * long_side, mid);
    fields.background = local_mean(picture, background_weight, narrow_radius * long_side, fields.background);
    return fields;
}

}  // namespace darkroom::imaging
