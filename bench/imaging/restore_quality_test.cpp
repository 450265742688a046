// The gate on restoration: held-out scenes, aged, restored, and compared with what they were.
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "bench/imaging/aged_print.h"
#include "imaging/ops/operation.h"
#include "tools/shots/old_photo.h"

namespace darkroom::bench {
namespace {

// Channel by channel as near to the truth as a gain and an offset bring it: tone is a matter of taste,
// structure is not.
cv::Mat fitted(const cv::Mat& picture, const cv::Mat& truth) {
    std::vector<cv::Mat> ours, theirs;
    cv::split(picture, ours);
    cv::split(truth, theirs);
    for (std::size_t c = 0; c < ours.size(); ++c) {
        cv::Mat a, b;
        ours[c].convertTo(a, CV_32F);
        theirs[c].convertTo(b, CV_32F);
        const double mean = cv::mean(b)[0];
        a -= cv::mean(a)[0];
        b -= mean;
        ours[c] = a * (a.dot(b) / std::max(1e-9, a.dot(a))) + mean;
    }
    cv::Mat result;
    cv::merge(ours, result);
    return result;
}

cv::Mat window_mean(const cv::Mat& plane) {
    cv::Mat mean;
    cv::GaussianBlur(plane, mean, {11, 11}, 1.5);
    return mean;
}

double ssim(const cv::Mat& picture, const cv::Mat& truth) {
    cv::Mat a, b, exact, share;
    truth.convertTo(exact, CV_32F);
    cv::cvtColor(picture, a, cv::COLOR_RGB2GRAY);
    cv::cvtColor(exact, b, cv::COLOR_RGB2GRAY);
    const cv::Mat ma = window_mean(a), mb = window_mean(b);
    const cv::Mat va = window_mean(a.mul(a)) - ma.mul(ma), vb = window_mean(b.mul(b)) - mb.mul(mb);
    const cv::Mat cov = window_mean(a.mul(b)) - ma.mul(mb);
    const double c1 = 6.5025, c2 = 58.5225;  // (0.01 x 255)² and (0.03 x 255)²
    const cv::Mat above = (2 * ma.mul(mb) + c1).mul(2 * cov + c2);
    const cv::Mat below = (ma.mul(ma) + mb.mul(mb) + c1).mul(va + vb + c2);
    cv::divide(above, below, share);
    return cv::mean(share)[0];
}

TEST(Restoration, HeldOutPrintsComeBack) {
    double recall = 0, precision = 0, gain = 0;
    constexpr int prints = 4;
    for (std::uint64_t seed = 5000; seed < 5000 + prints; ++seed) {
        SCOPED_TRACE(seed);
        const cv::Mat clean = shots::draw_old_photo(seed, 1024).clean;
        const AgedPrint aged = age_print(clean, seed);
        const auto result = imaging::restore(aged.picture, {{"v", 1}, {"output_size", "original"}});
        ASSERT_TRUE(result);
        EXPECT_TRUE(result->warnings.empty());
        const cv::Mat found = result->mask > 127;
        cv::Mat near;  // the mask covers the blurred rim of a defect too
        cv::dilate(aged.defects, near, cv::getStructuringElement(cv::MORPH_ELLIPSE, {7, 7}));
        recall += static_cast<double>(cv::countNonZero(found & aged.defects)) /
                  cv::countNonZero(aged.defects) / prints;
        precision += static_cast<double>(cv::countNonZero(found & near)) /
                     std::max(1, cv::countNonZero(found)) / prints;
        gain +=
            (ssim(fitted(result->main, clean), clean) - ssim(fitted(aged.picture, clean), clean)) / prints;
    }
    RecordProperty("recall_permille", static_cast<int>(recall * 1000));
    RecordProperty("precision_permille", static_cast<int>(precision * 1000));
    RecordProperty("ssim_gain_permille", static_cast<int>(gain * 1000));
    EXPECT_GE(recall, 0.88);
    EXPECT_GE(precision, 0.90);
    EXPECT_GE(gain, 0.20);
}

}  // namespace
}  // namespace darkroom::bench
