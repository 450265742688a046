#include "imaging/ops/confidence.h"

#include <gtest/gtest.h>

#include "imaging/ops/test_scene.h"

namespace darkroom::imaging {
namespace {

using testing_scenes::draw_scene;
using testing_scenes::Scene;

double confidence_of(const Scene& scene, const cv::Mat& alpha) {
    const WorkingCopy copy = make_working_copy(scene.picture);
    Segmentation segmentation;
    segmentation.mask = alpha > 127;
    segmentation.score = 5;
    cv::Mat soft;
    alpha.convertTo(soft, CV_32F, 1.0 / 255);
    return estimate_confidence(copy, model_border(copy.lab), segmentation, soft);
}

TEST(Confidence, TheTruthIsTrustedMoreThanWrongOutlines) {
    const Scene scene = draw_scene();
    cv::Mat too_large;
    cv::dilate(scene.alpha, too_large, cv::Mat::ones(25, 25, CV_8U));
    cv::Mat veiled;
    cv::GaussianBlur(scene.alpha, veiled, {}, 12);
    EXPECT_GT(confidence_of(scene, scene.alpha), 0.75);
    EXPECT_LT(confidence_of(scene, too_large), 0.6);
    EXPECT_LT(confidence_of(scene, veiled), 0.6);
}

TEST(Confidence, StaysWithinItsRange) {
    const Scene scene = draw_scene();
    for (const int level : {0, 128, 255}) {
        const double value = confidence_of(scene, cv::Mat(scene.alpha.size(), CV_8U, cv::Scalar(level)));
        EXPECT_GE(value, 0);
        EXPECT_LE(value, 1);
    }
}

}  // namespace
}  // namespace darkroom::imaging
