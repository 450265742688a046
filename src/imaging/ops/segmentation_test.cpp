#include "imaging/ops/segmentation.h"

#include <gtest/gtest.h>

#include "imaging/ops/gaps.h"
#include "imaging/ops/mask_cleanup.h"
#include "imaging/ops/outline_score.h"
#include "imaging/ops/test_scene.h"

namespace darkroom::imaging {
namespace {

using testing_scenes::draw_scene;
using testing_scenes::overlap_share;
using testing_scenes::Scene;

cv::Mat gaps_in(const cv::Mat& picture) {
    const WorkingCopy copy = make_working_copy(picture);
    return find_gaps(copy.rgb, model_border(copy.lab));
}

TEST(BorderModel, TellsTheBackdropFromTheThing) {
    const Scene scene = draw_scene();
    const BorderModel model = model_border(make_working_copy(scene.picture).lab);
    EXPECT_LT(cv::mean(model.distance, scene.alpha == 0)[0], model.near);
    EXPECT_GT(cv::mean(model.distance, scene.alpha == 255)[0], 2 * model.far);
    EXPECT_GE(model.near, 2.2F);
    EXPECT_FLOAT_EQ(model.far, 2 * model.near);
}

TEST(BorderModel, IsNotTakenInByAThingThatTouchesTheFrame) {
    Scene scene = draw_scene();
    cv::rectangle(scene.picture, {100, 150, 40, 50}, cv::Scalar(60, 90, 150),
                  cv::FILLED);  // runs out at the bottom
    const BorderModel model = model_border(make_working_copy(scene.picture).lab);
    EXPECT_GT(model.distance.at<float>(198, 120), model.far);
}

TEST(BorderModel, KnowsTheGroovesOfATableByMeetingThemAllAround) {
    Scene scene = draw_scene();
    for (const int y : {20, 60, 140, 180})
        cv::line(scene.picture, {0, y}, {239, y}, cv::Scalar(120, 100, 80), 3);
    const BorderModel model = model_border(make_working_copy(scene.picture).lab);
    EXPECT_LT(model.distance.at<float>(60, 20), model.far);
}

TEST(ShadowFlood, RunsThroughASoftShadowAndStopsAtTheThing) {
    const Scene scene = draw_scene({.shadow = true});
    const WorkingCopy copy = make_working_copy(scene.picture);
    const ShadowFlood flood = flood_shadows(copy.linear, copy.luma, model_border(copy.lab));
    cv::Mat reached = flood.flooded & (scene.alpha == 0);
    EXPECT_GT(cv::countNonZero(reached), 0.93 * cv::countNonZero(scene.alpha == 0));
    EXPECT_LT(cv::countNonZero(flood.flooded & (scene.alpha == 255)),
              0.02 * cv::countNonZero(scene.alpha == 255));
}

TEST(Segmentation, FindsTheThingAndLeavesItsShadow) {
    const Scene scene = draw_scene({.shadow = true});
    const WorkingCopy copy = make_working_copy(scene.picture);
    const BorderModel model = model_border(copy.lab);
    const auto found = segment(copy, model, flood_shadows(copy.linear, copy.luma, model));
    ASSERT_TRUE(found.has_value());
    EXPECT_GT(overlap_share(found->mask, scene.alpha), 0.95);
}

TEST(Segmentation, AGreyThingOnWhiteIsNotMistakenForItsShadow) {
    const Scene scene = draw_scene({.ground = {240, 240, 240}, .thing = {120, 120, 120}});
    const WorkingCopy copy = make_working_copy(scene.picture);
    const BorderModel model = model_border(copy.lab);
    const auto found = segment(copy, model, flood_shadows(copy.linear, copy.luma, model));
    ASSERT_TRUE(found.has_value());
    EXPECT_GT(overlap_share(found->mask, scene.alpha), 0.95);
}

TEST(Segmentation, SeesThroughARing) {
    const Scene scene = draw_scene({.ring = true});
    const WorkingCopy copy = make_working_copy(scene.picture);
    const BorderModel model = model_border(copy.lab);
    const auto found = segment(copy, model, flood_shadows(copy.linear, copy.luma, model));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->mask.at<uchar>(100, 120), 0);
    EXPECT_GT(overlap_share(found->mask, scene.alpha), 0.95);
}

TEST(Segmentation, AnEmptyBackdropHoldsNothing) {
    const cv::Mat flat(120, 160, CV_8UC3, cv::Scalar(200, 200, 200));
    const WorkingCopy copy = make_working_copy(flat);
    const BorderModel model = model_border(copy.lab);
    EXPECT_FALSE(segment(copy, model, flood_shadows(copy.linear, copy.luma, model)).has_value());
}

TEST(Gaps, SlitsBetweenSlatsAreOpenAndLettersAreNot) {
    cv::Mat picture(400, 400, CV_8UC3, cv::Scalar(230, 230, 230));
    cv::rectangle(picture, {100, 100, 200, 200}, cv::Scalar(40, 60, 120), cv::FILLED);
    cv::rectangle(picture, {150, 120, 4, 120}, cv::Scalar(230, 230, 230), cv::FILLED);  // a slit
    cv::rectangle(picture, {220, 200, 4, 14}, cv::Scalar(230, 230, 230), cv::FILLED);   // the letter i
    const cv::Mat gaps = gaps_in(picture);
    EXPECT_EQ(gaps.at<uchar>(180, 152), 255);
    EXPECT_EQ(gaps.at<uchar>(207, 222), 0);
    EXPECT_EQ(gaps.at<uchar>(180, 130), 0);
}

TEST(Gaps, ASeamWhoseBlendHappensToBeTheBackdropsColourIsClosed) {
    cv::Mat picture(400, 400, CV_8UC3, cv::Scalar(145, 115, 120));
    cv::rectangle(picture, {100, 100, 100, 200}, cv::Scalar(200, 120, 40), cv::FILLED);
    cv::rectangle(picture, {200, 100, 100, 200}, cv::Scalar(90, 110, 200), cv::FILLED);
    const cv::Mat gaps = gaps_in(picture);
    EXPECT_EQ(cv::countNonZero(gaps(cv::Rect(190, 110, 20, 180))), 0);
    cv::GaussianBlur(picture, picture, {}, 2.0);
    EXPECT_EQ(cv::countNonZero(gaps_in(picture)(cv::Rect(190, 110, 20, 180))), 0) << "out of focus";
}

TEST(MaskCleanup, DropsCrumbsAndClosesHolesThatDoNotShowTheBackdrop) {
    const Scene scene = draw_scene({.ring = true});
    const WorkingCopy copy = make_working_copy(scene.picture);
    const BorderModel model = model_border(copy.lab);
    const ShadowFlood flood = flood_shadows(copy.linear, copy.luma, model);
    cv::Mat mask = scene.alpha > 127;
    cv::circle(mask, {20, 20}, 2, cv::Scalar(255), cv::FILLED);  // a crumb on the backdrop
    const cv::Point on_the_ring(120 + 42, 100);
    cv::circle(mask, on_the_ring, 4, cv::Scalar(0), cv::FILLED);  // a hole where there is a thing
    clean_up_mask(mask, copy.rgb, model, flood, true);
    EXPECT_EQ(mask.at<uchar>(20, 20), 0);
    EXPECT_EQ(mask.at<uchar>(on_the_ring), 255);
    EXPECT_EQ(mask.at<uchar>(100, 120), 0) << "the ring's opening was closed";
}

TEST(OutlineScore, PrefersTheTrueOutlineToAShiftedOne) {
    const Scene scene = draw_scene();
    const cv::Mat lab = make_working_copy(scene.picture).lab;
    const cv::Mat truth = scene.alpha > 127;
    cv::Mat shifted;
    cv::warpAffine(truth, shifted, cv::Matx23d(1, 0, 15, 0, 1, 0), truth.size());
    EXPECT_GT(outline_score(lab, truth), 1.5 * outline_score(lab, shifted));
    EXPECT_EQ(outline_score(lab, cv::Mat::zeros(truth.size(), CV_8U)), 0);
}

}  // namespace
}  // namespace darkroom::imaging
