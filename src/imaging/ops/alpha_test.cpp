// The later stages of bg_remove one by one: trimap, alpha, foreground colours.
#include <gtest/gtest.h>

#include "imaging/ops/alpha_adjust.h"
#include "imaging/ops/alpha_refine.h"
#include "imaging/ops/foreground_estimate.h"
#include "imaging/ops/guided_filter.h"
#include "imaging/ops/test_scene.h"

namespace darkroom::imaging {
namespace {

using testing_scenes::draw_scene;
using testing_scenes::Scene;

cv::Mat as_float(const cv::Mat& bytes) {
    cv::Mat out;
    bytes.convertTo(out, CV_32F, 1.0 / 255);
    return out;
}

TEST(GuidedFilter, ReproducesWhatIsALinearFunctionOfTheGuide) {
    cv::Mat guide(40, 50, CV_32FC3);
    cv::RNG(1).fill(guide, cv::RNG::UNIFORM, 0.0, 1.0);
    cv::Mat input(guide.size(), CV_32F);
    for (int y = 0; y < guide.rows; ++y) {
        for (int x = 0; x < guide.cols; ++x) {
            const cv::Vec3f c = guide.at<cv::Vec3f>(y, x);
            input.at<float>(y, x) = 0.2F * c[0] - 0.5F * c[1] + 0.7F * c[2] + 0.1F;
        }
    }
    const cv::Mat output = apply_guided(guide, fit_guided(guide, input, 4, 1e-7F));
    EXPECT_LT(cv::norm(output, input, cv::NORM_INF), 1e-3);
}

TEST(GuidedFilter, IsAPlainMeanWhereTheGuideIsFlat) {
    const cv::Mat guide(30, 30, CV_32FC3, cv::Scalar(0.5, 0.5, 0.5));
    cv::Mat input = cv::Mat::zeros(30, 30, CV_32F);
    input.colRange(0, 15).setTo(1);
    const cv::Mat output = apply_guided(guide, fit_guided(guide, input, 3, 1e-4F));
    EXPECT_NEAR(output.at<float>(15, 2), 1, 1e-3);
    EXPECT_NEAR(output.at<float>(15, 14), 0.5, 0.12);
}

TEST(Trimap, IsCertainAwayFromTheOutlineAndWiderForFineEdges) {
    const Scene scene = draw_scene();
    const cv::Mat mask = scene.alpha > 127;
    const Trimap hard = make_trimap(mask, mask.size() * 2, Edges::hard);
    const Trimap fine = make_trimap(mask, mask.size() * 2, Edges::fine);
    EXPECT_EQ(hard.labels.at<uchar>(200, 240), Trimap::subject);
    EXPECT_EQ(hard.labels.at<uchar>(5, 5), Trimap::background);
    EXPECT_GT(cv::countNonZero(fine.labels == Trimap::unknown),
              2 * cv::countNonZero(hard.labels == Trimap::unknown));
}

TEST(AlphaRefine, FindsTheSoftOutlineFromARoughMask) {
    const Scene scene = draw_scene({.size = {480, 400}});
    cv::Mat rough;
    cv::dilate(scene.alpha > 127, rough, cv::Mat::ones(3, 3, CV_8U));
    const Trimap trimap = make_trimap(rough, rough.size(), Edges::fine);
    const RefinedAlpha refined = refine_alpha(as_float(scene.picture), trimap);
    const cv::Mat truth = as_float(scene.alpha);
    const double before = cv::norm(as_float(rough), truth, cv::NORM_L1);
    const double after = cv::norm(refined.alpha, truth, cv::NORM_L1);
    EXPECT_LT(after, 0.35 * before);
    EXPECT_EQ(cv::norm(refined.alpha, cv::NORM_INF, trimap.labels == Trimap::background), 0);
}

TEST(AlphaAdjust, ShiftsByFractionsOfAPixelBothWays) {
    const cv::Mat alpha = as_float(draw_scene().alpha);
    const double area = cv::sum(alpha)[0];
    double last = area;
    for (const double px : {0.5, 1.0, 1.5, 3.0}) {
        const double smaller = cv::sum(shifted_inwards(alpha, px))[0];
        EXPECT_LT(smaller, last) << px;
        last = smaller;
        EXPECT_GT(cv::sum(shifted_inwards(alpha, -px))[0], area) << px;
    }
    EXPECT_EQ(cv::norm(shifted_inwards(alpha, 0), alpha, cv::NORM_INF), 0);
}

TEST(AlphaAdjust, ClosesVeilsButNotHoles) {
    cv::Mat alpha = cv::Mat::ones(60, 60, CV_32F);
    alpha(cv::Rect(20, 20, 10, 10)).setTo(0.8);
    alpha(cv::Rect(40, 40, 6, 6)).setTo(0.1);
    close_veils(alpha, 2);
    EXPECT_EQ(alpha.at<float>(25, 25), 1);
    EXPECT_FLOAT_EQ(alpha.at<float>(42, 42), 0.1F);
}

TEST(AlphaAdjust, AnEnlargedAlphaFollowsTheEdgesOfTheLargePicture) {
    const Scene large = draw_scene({.size = {960, 800}});
    cv::Mat small;
    cv::resize(large.picture, small, {240, 200}, 0, 0, cv::INTER_AREA);
    cv::Mat mask;
    cv::resize(large.alpha, mask, {240, 200}, 0, 0, cv::INTER_AREA);
    const Trimap trimap = make_trimap(mask > 127, small.size(), Edges::automatic);
    const RefinedAlpha refined = refine_alpha(as_float(small), trimap);
    cv::Mat plain;
    cv::resize(refined.alpha, plain, large.alpha.size(), 0, 0, cv::INTER_LINEAR);
    const cv::Mat joint = enlarge_alpha(refined.alpha, refined.coefficients, trimap.labels, large.picture);
    const cv::Mat truth = as_float(large.alpha);
    EXPECT_LT(cv::norm(as_float(joint), truth, cv::NORM_L1), 0.9 * cv::norm(plain, truth, cv::NORM_L1));
}

TEST(ForegroundEstimate, TakesTheBackdropOutOfTheOutline) {
    const Scene scene = draw_scene({.noise = 0});
    const cv::Mat picture = as_float(scene.picture);
    const cv::Mat alpha = as_float(scene.alpha);
    const ColourFields fields = estimate_colours(picture, alpha);
    const cv::Vec3f thing(60 / 255.0F, 90 / 255.0F, 150 / 255.0F);
    for (int y = 0; y < alpha.rows; ++y) {
        for (int x = 0; x < alpha.cols; ++x) {
            const float a = alpha.at<float>(y, x);
            if (a < 0.2F || a > 0.9F) continue;
            const cv::Vec3f own = unmixed(picture.at<cv::Vec3f>(y, x), a, fields.subject.at<cv::Vec3f>(y, x),
                                          fields.background.at<cv::Vec3f>(y, x));
            ASSERT_LT(cv::norm(own - thing), 0.06) << x << ',' << y;
        }
    }
    EXPECT_LT(cv::norm(fields.subject.at<cv::Vec3f>(3, 3) - thing), 0.06)
        << "far away the nearest colour of the subject is kept";
}

}  // namespace
}  // namespace darkroom::imaging
