#include "imaging/ops/shadows.h"

#include <gtest/gtest.h>

#include "imaging/ops/test_scene.h"

namespace darkroom::imaging {
namespace {

/// A standing box in the middle of the frame, CV_32F.
cv::Mat box_alpha() {
    cv::Mat alpha = cv::Mat::zeros(200, 200, CV_32F);
    alpha(cv::Rect(80, 60, 40, 80)).setTo(1);
    return alpha;
}

cv::Point2d centre_of(const cv::Mat& shadow) {
    const cv::Moments m = cv::moments(shadow);
    return {m.m10 / m.m00, m.m01 / m.m00};
}

TEST(Shadows, ADropShadowIsTheOutlineMovedByItsOffset) {
    ShadowParams params{.mode = ShadowMode::drop, .opacity = 0.5, .blur = 0.01, .offset = {0.1, 0.05}};
    const cv::Mat shadow = make_shadow(box_alpha(), params, 200);
    const cv::Point2d centre = centre_of(shadow);
    EXPECT_NEAR(centre.x, 99.5 + 20, 0.6);
    EXPECT_NEAR(centre.y, 99.5 + 10, 0.6);
    EXPECT_NEAR(shadow.at<float>(110, 120), 0.5, 0.02);
}

TEST(Shadows, AContactShadowIsDarkestAtTheFoot) {
    ShadowParams params{.mode = ShadowMode::contact, .opacity = 1};
    const cv::Mat shadow = make_shadow(box_alpha(), params, 200);
    EXPECT_GT(shadow.at<float>(139, 100), 0.8);
    EXPECT_LT(shadow.at<float>(70, 100), 0.05);
    EXPECT_GT(shadow.at<float>(139, 100), shadow.at<float>(146, 100));
}

TEST(Shadows, ASoftShadowFallsAwayFromTheLightAndFades) {
    ShadowParams params{.mode = ShadowMode::soft, .opacity = 1};
    params.light = {-0.5, -0.6, 0.7};
    const double to_the_right = centre_of(make_shadow(box_alpha(), params, 200)).x;
    params.light.x = 0.5;
    const double to_the_left = centre_of(make_shadow(box_alpha(), params, 200)).x;
    EXPECT_GT(to_the_right, 102);
    EXPECT_LT(to_the_left, 98);
    double most = 0;
    cv::minMaxLoc(make_shadow(box_alpha(), params, 200), nullptr, &most);
    EXPECT_LE(most, 1);
}

TEST(Shadows, NothingThrowsNoShadowAndNoOpacityShowsNone) {
    for (const ShadowMode mode : {ShadowMode::drop, ShadowMode::contact, ShadowMode::soft}) {
        EXPECT_EQ(cv::norm(make_shadow(cv::Mat::zeros(50, 50, CV_32F), {.mode = mode}, 50), cv::NORM_INF), 0);
        EXPECT_EQ(cv::norm(make_shadow(box_alpha(), {.mode = mode, .opacity = 0}, 200), cv::NORM_INF), 0);
    }
}

TEST(Shadows, AKeptShadowGivesThePhotoBackOnItsOldBackdrop) {
    const cv::Mat ground(100, 100, CV_32FC3, cv::Scalar(0.8, 0.75, 0.7));
    cv::Mat picture = ground.clone();
    cv::Mat shadowed = cv::Mat::zeros(100, 100, CV_8U);
    cv::rectangle(shadowed, {50, 40, 40, 30}, cv::Scalar(255), cv::FILLED);
    picture.setTo(cv::Scalar(0.48, 0.45, 0.42), shadowed);  // 40 % of the light taken
    const cv::Mat shadow = keep_shadow(picture, ground, shadowed, cv::Mat::zeros(100, 100, CV_8U));
    EXPECT_NEAR(shadow.at<float>(55, 70), 0.4, 0.02);
    EXPECT_NEAR(shadow.at<float>(10, 10), 0, 0.01);
}

}  // namespace
}  // namespace darkroom::imaging
