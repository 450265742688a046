// Operations with a network in place of one stage: what it decides is seen in the result, and what the
// operation promises is kept all the same.
#include <gtest/gtest.h>

#include <functional>
#include <opencv2/imgproc.hpp>

#include "base/json.h"
#include "imaging/networks/network_stage.h"
#include "imaging/networks/testing/drawn_network.h"
#include "imaging/ops/operation.h"

namespace darkroom::imaging {
namespace {

namespace drawn = drawn_networks;

std::unique_ptr<NetworkStage> open(StageKind kind, const std::string& onnx, cv::Size size = {}) {
    StagePlan plan;
    plan.kind = kind;
    plan.size = size;
    auto stage = NetworkStage::open(plan, onnx);
    EXPECT_TRUE(stage) << (stage ? "" : stage.error());
    return stage ? *std::move(stage) : nullptr;
}

OperationParts with(ModelStage& stage) {
    OperationParts parts;
    parts.stage = &stage;
    return parts;
}

boost::json::object params(const std::string& text) { return parse_json(text)->as_object(); }

/// A small red disc and a large blue one on a grey ground with some noise.
cv::Mat red_and_blue() {
    cv::Mat picture(360, 480, CV_8UC3, cv::Scalar(205, 206, 208)), noise(360, 480, CV_16SC3);
    cv::circle(picture, {110, 180}, 50, {200, 40, 40}, cv::FILLED, cv::LINE_AA);
    cv::circle(picture, {320, 180}, 110, {40, 50, 190}, cv::FILLED, cv::LINE_AA);
    cv::RNG(5).fill(noise, cv::RNG::NORMAL, 0, 2);
    cv::add(picture, noise, picture, {}, CV_8U);
    return picture;
}

cv::Mat alpha_of(const cv::Mat& rgba) {
    cv::Mat alpha;
    cv::extractChannel(rgba, alpha, 3);
    return alpha;
}

void expect_solid_pixels_unchanged(const cv::Mat& rgba, const cv::Mat& picture) {
    for (int y = 0; y < picture.rows; ++y) {
        for (int x = 0; x < picture.cols; ++x) {
            const auto& pixel = rgba.at<cv::Vec4b>(y, x);
            if (pixel[3] == 255) {
                ASSERT_EQ(cv::Vec3b(pixel[0], pixel[1], pixel[2]), picture.at<cv::Vec3b>(y, x));
            }
        }
    }
}

TEST(NetworkOperations, TheNetworkSaysWhatTheSubjectIsAndSolidPixelsStayThePhotos) {
    const cv::Mat picture = red_and_blue();
    const auto built_in = bg_remove(picture, params(R"({"v":1})"));
    ASSERT_TRUE(built_in);
    EXPECT_EQ(alpha_of(built_in->main).at<uchar>(180, 320), 255) << "without a network blue is kept";
    const auto stage = open(StageKind::coarse_mask, drawn::red_finder(64), {64, 64});
    const auto output = bg_remove(picture, params(R"({"v":1})"), with(*stage));
    ASSERT_TRUE(output) << output.error().message;
    const cv::Mat alpha = alpha_of(output->main);
    EXPECT_EQ(alpha.at<uchar>(180, 110), 255);
    EXPECT_EQ(alpha.at<uchar>(180, 320), 0);
    EXPECT_EQ(alpha.at<uchar>(5, 5), 0);
    const double disc = CV_PI * 50 * 50;
    EXPECT_NEAR(cv::sum(alpha)[0] / 255, disc, 0.06 * disc);
    expect_solid_pixels_unchanged(output->main, picture);
    EXPECT_EQ(cv::norm(output->mask, alpha, cv::NORM_INF), 0);
}

TEST(NetworkOperations, CutoutAndShopPictureUseItToo) {
    const cv::Mat picture = red_and_blue();
    const auto stage = open(StageKind::coarse_mask, drawn::red_finder(64), {64, 64});
    const auto cut = cutout_subject(picture, params(R"({"v":1,"select":"largest"})"), with(*stage));
    ASSERT_TRUE(cut) << cut.error().message;
    EXPECT_LT(cut->main.cols, 130) << "the blue disc is larger";
    const auto shop = white_bg_ecomm(picture, params(R"({"v":1,"strict":false})"), with(*stage));
    ASSERT_TRUE(shop) << shop.error().message;
    const auto middle = shop->main.at<cv::Vec3b>(shop->main.rows / 2, shop->main.cols / 2);
    EXPECT_GT(middle[0], 150);
    EXPECT_LT(middle[2], 90);
    EXPECT_EQ(shop->main.at<cv::Vec3b>(0, 0), cv::Vec3b(255, 255, 255));
}

TEST(NetworkOperations, NothingThatItFindsIsNoSubject) {
    cv::Mat picture = red_and_blue();
    cv::circle(picture, {110, 180}, 60, {205, 206, 208}, cv::FILLED);
    const auto stage = open(StageKind::coarse_mask, drawn::red_finder(64), {64, 64});
    const auto output = bg_remove(picture, params(R"({"v":1})"), with(*stage));
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().code, "no_subject");
}

TEST(NetworkOperations, AnAlphaNetworkCountsInTheBandAlone) {
    const cv::Mat picture = red_and_blue();
    const auto stage = open(StageKind::alpha, drawn::red_finder(256), {256, 256});
    const auto output = bg_remove(picture, params(R"({"v":1})"), with(*stage));
    ASSERT_TRUE(output) << output.error().message;
    const cv::Mat alpha = alpha_of(output->main);
    EXPECT_EQ(alpha.at<uchar>(180, 110), 255);
    EXPECT_EQ(alpha.at<uchar>(180, 320), 255) << "deep inside the mask a network is not asked";
    EXPECT_EQ(alpha.at<uchar>(5, 5), 0);
    const auto built_in = bg_remove(picture, params(R"({"v":1})"));
    EXPECT_GT(cv::norm(alpha, alpha_of(built_in->main), cv::NORM_INF), 100) << "at blue's rim it says 0";
    expect_solid_pixels_unchanged(output->main, picture);
}

TEST(NetworkOperations, EnlargementsKeepTheirConsistencyWhateverANetworkMakes) {
    cv::Mat picture = red_and_blue();
    const auto stage = open(StageKind::upscale_x4, drawn::repeater(64, 0.08F));  // too bright by 20 levels
    for (const int target : {1920, 1000, 2400}) {
        auto given = params(R"({"v":1,"denoise":0,"max_scale":8})");
        given["target"] = target;
        const auto output = upscale_2k(picture, given, with(*stage));
        ASSERT_TRUE(output);
        EXPECT_EQ(output->main.cols, target);
        cv::Mat small;
        cv::resize(output->main, small, picture.size(), 0, 0, cv::INTER_AREA);
        EXPECT_GT(cv::PSNR(small, picture), 38) << target;
        EXPECT_TRUE(output->warnings.empty());
        EXPECT_GT(cv::norm(output->main, upscale_2k(picture, given)->main, cv::NORM_INF), 5);
    }
}

TEST(NetworkOperations, AFilledRegionIsTheNetworksAndTheRestThePictures) {
    const cv::Mat picture = red_and_blue();
    const auto stage = open(StageKind::inpaint, drawn::green_filler(32), {32, 32});
    const std::string region = R"("region":{"boxes":[[60,130,100,100]]},"units":"px","grow":0,"feather":0)";
    const auto output = object_remove(picture, params(R"({"v":1,)" + region + "}"), with(*stage));
    ASSERT_TRUE(output);
    EXPECT_EQ(output->main.at<cv::Vec3b>(180, 110), cv::Vec3b(26, 204, 26));
    EXPECT_EQ(output->measures.at("method").as_string(), "model");
    cv::Mat outside = output->main.clone();
    picture(cv::Rect(60, 130, 100, 100)).copyTo(outside(cv::Rect(60, 130, 100, 100)));
    EXPECT_EQ(cv::norm(outside, picture, cv::NORM_INF), 0);
    const auto asked =
        object_remove(picture, params(R"({"v":1,"method":"fast",)" + region + "}"), with(*stage));
    EXPECT_EQ(asked->measures.at("method").as_string(), "fast");
    cv::Mat rgba;
    cv::cvtColor(picture, rgba, cv::COLOR_RGB2RGBA);
    const auto with_alpha = object_remove(rgba, params(R"({"v":1,)" + region + "}"), with(*stage));
    EXPECT_EQ(with_alpha->main.at<cv::Vec4b>(180, 110), cv::Vec4b(26, 204, 26, 255));
}

TEST(NetworkOperations, GiveTheSameBytesAtOneAndTwoThreads) {
    const cv::Mat picture = red_and_blue();
    const auto finder = open(StageKind::coarse_mask, drawn::red_finder(64), {64, 64});
    const auto matter = open(StageKind::alpha, drawn::red_finder(256), {256, 256});
    const auto larger = open(StageKind::upscale_x4, drawn::repeater(64));
    const auto filler = open(StageKind::inpaint, drawn::green_filler(32), {32, 32});
    const std::function<OperationResult()> runs[] = {
        [&] { return bg_remove(picture, params(R"({"v":1})"), with(*finder)); },
        [&] { return bg_remove(picture, params(R"({"v":1})"), with(*matter)); },
        [&] { return upscale_2k(picture, params(R"({"v":1,"target":1500})"), with(*larger)); },
        [&] {
            return object_remove(picture, params(R"({"v":1,"region":{"boxes":[[0.1,0.3,0.3,0.4]]}})"),
                                 with(*filler));
        }};
    const int threads = cv::getNumThreads();
    for (const auto& run : runs) {
        cv::setNumThreads(1);
        const auto one = run();
        cv::setNumThreads(2);
        const auto two = run();
        ASSERT_TRUE(one && two);
        EXPECT_EQ(cv::norm(one->main, two->main, cv::NORM_INF), 0);
    }
    cv::setNumThreads(threads);
}

}  // namespace
}  // namespace darkroom::imaging
