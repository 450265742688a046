// Networks written for these tests, good and bad, run by OpenCV's dnn.
#include "imaging/networks/network_stage.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "imaging/networks/testing/drawn_network.h"

namespace darkroom::imaging {
namespace {

namespace drawn = drawn_networks;

StagePlan plan_of(StageKind kind, cv::Size size = {}) {
    StagePlan plan;
    plan.kind = kind;
    plan.size = size;
    return plan;
}

std::string failure_of(const StagePlan& plan, const std::string& onnx) {
    const auto opened = NetworkStage::open(plan, onnx);
    EXPECT_FALSE(opened);
    return opened ? "" : opened.error();
}

cv::Mat red_and_blue() {
    cv::Mat picture(150, 200, CV_8UC3, cv::Scalar(210, 210, 210));
    picture(cv::Rect(20, 40, 60, 60)).setTo(cv::Scalar(200, 30, 30));
    picture(cv::Rect(120, 40, 60, 60)).setTo(cv::Scalar(30, 30, 200));
    return picture;
}

TEST(NetworkStage, AMaskComesBackAtThePicturesSize) {
    for (const StageKind kind : {StageKind::coarse_mask, StageKind::alpha}) {
        auto stage = NetworkStage::open(plan_of(kind, {64, 64}), drawn::red_finder(64));
        ASSERT_TRUE(stage) << stage.error();
        const auto mask = (*stage)->run(red_and_blue(), {});
        ASSERT_TRUE(mask);
        EXPECT_EQ(mask->size(), cv::Size(200, 150));
        EXPECT_GT(mask->at<float>(70, 50), 0.99F);
        EXPECT_LT(mask->at<float>(70, 150), 0.01F);
        EXPECT_LT(mask->at<float>(5, 5), 0.01F);
    }
}

TEST(NetworkStage, OrderAndActivationAreThePlans) {
    StagePlan plan = plan_of(StageKind::coarse_mask, {64, 64});
    plan.bgr = true;  // now it looks for blue, and does not find the disc of the test picture
    EXPECT_NE(failure_of(plan, drawn::red_finder(64)).find("disc"), std::string::npos);
    plan.min_iou = 0;
    auto stage = NetworkStage::open(plan, drawn::red_finder(64));
    ASSERT_TRUE(stage) << stage.error();
    const auto mask = (*stage)->run(red_and_blue(), {});
    EXPECT_GT(mask->at<float>(70, 150), 0.99F);
    EXPECT_LT(mask->at<float>(70, 50), 0.01F);
}

TEST(NetworkStage, AnEnlargementIsTheSameWholeAndInTiles) {
    cv::Mat picture(50, 70, CV_8UC3);
    cv::RNG(3).fill(picture, cv::RNG::UNIFORM, 0, 256);
    auto whole = NetworkStage::open(plan_of(StageKind::upscale_x4), drawn::repeater(64));
    ASSERT_TRUE(whole) << whole.error();
    StagePlan tiled_plan = plan_of(StageKind::upscale_x4);
    tiled_plan.tile_size = 32;
    tiled_plan.tile_overlap = 4;
    auto tiled = NetworkStage::open(tiled_plan, drawn::repeater(32));
    ASSERT_TRUE(tiled) << tiled.error();
    const auto a = (*whole)->run(picture, {}), b = (*tiled)->run(picture, {});
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->size(), cv::Size(280, 200));
    EXPECT_LT(cv::norm(*a, *b, cv::NORM_INF), 1e-3);
    EXPECT_NEAR(a->at<cv::Vec3f>(199, 279)[1], picture.at<cv::Vec3b>(49, 69)[1], 0.01);
}

TEST(NetworkStage, AHoleIsFilledFromTheNetwork) {
    auto stage = NetworkStage::open(plan_of(StageKind::inpaint, {32, 32}), drawn::green_filler(32));
    ASSERT_TRUE(stage) << stage.error();
    const auto filled = (*stage)->run(red_and_blue(), cv::Mat(150, 200, CV_8U, cv::Scalar(255)));
    ASSERT_TRUE(filled);
    EXPECT_EQ(filled->size(), cv::Size(200, 150));
    EXPECT_EQ(filled->at<cv::Vec3b>(10, 10), cv::Vec3b(26, 204, 26));
}

TEST(NetworkStage, NetworksThatCannotDoItAreFoundOutBeforeAPictureIsTouched) {
    const auto mask = plan_of(StageKind::coarse_mask, {64, 64});
    EXPECT_NE(failure_of(mask, drawn::blind(64)).find("disc"), std::string::npos);
    EXPECT_NE(failure_of(mask, drawn::nonsense(64)).find("no number"), std::string::npos);
    EXPECT_NE(failure_of(plan_of(StageKind::inpaint, {64, 64}), drawn::red_finder(64)), "");
    EXPECT_NE(failure_of(plan_of(StageKind::upscale_x4), drawn::red_finder(64)), "");
    EXPECT_NE(failure_of(plan_of(StageKind::upscale_x4), drawn::repeater(64, 0.5F)).find("another picture"),
              std::string::npos);
    StagePlan channel = mask;
    channel.output_channel = 1;
    EXPECT_NE(failure_of(channel, drawn::red_finder(64)).find("shape"), std::string::npos);
    StagePlan index = mask;
    index.output_index = 1;
    EXPECT_NE(failure_of(index, drawn::red_finder(64)).find("index"), std::string::npos);
    StagePlan name = mask;
    name.output_name = "nowhere";
    EXPECT_NE(failure_of(name, drawn::red_finder(64)), "");
}

TEST(NetworkStage, FilesThatAreNoNetworkAreRefusedWhateverTheyHold) {
    const auto plan = plan_of(StageKind::coarse_mask, {64, 64});
    const std::string good = drawn::red_finder(64);
    EXPECT_NE(failure_of(plan, ""), "");
    EXPECT_NE(failure_of(plan, "not a network"), "");
    EXPECT_NE(failure_of(plan, std::string(100'000, '\xff')), "");
    for (std::size_t length = 1; length < good.size(); length += 7) {
        EXPECT_NE(failure_of(plan, good.substr(0, length)), "") << length;
    }
}

}  // namespace
}  // namespace darkroom::imaging
