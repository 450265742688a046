// What restore promises of sizes, of things left alone and of bytes. How well it restores is measured on aged
// prints in bench/imaging.
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "base/json.h"
#include "imaging/ops/defect_mask.h"
#include "imaging/ops/operation.h"

namespace darkroom::imaging {
namespace {

boost::json::object params(const std::string& text) { return parse_json(text)->as_object(); }

// Soft blobs of faded grey-brown with noise; no line or speck is in it.
cv::Mat faded(cv::Size size, std::uint64_t seed, double noise = 4) {
    cv::RNG random(seed);
    cv::Mat coarse(6, 6, CV_32FC3), picture, grain(size, CV_32FC3), result;
    random.fill(coarse, cv::RNG::UNIFORM, 90, 160);
    cv::resize(coarse, picture, size, 0, 0, cv::INTER_CUBIC);
    cv::multiply(picture, cv::Scalar(1.1, 1.0, 0.8), picture);
    random.fill(grain, cv::RNG::NORMAL, 0, noise);
    picture += grain;
    picture.convertTo(result, CV_8U);
    return result;
}

constexpr const char* leave_alone =
    R"({"v":1,"denoise":0,"scratches":"off","tone":"off","colour":"keep","output_size":"original"})";

TEST(Restore, WithEverythingOffItOnlyResamples) {
    const cv::Mat small = faded({300, 200}, 1);  // worked on as it is, so not even that
    const auto result = restore(small, params(leave_alone));
    ASSERT_TRUE(result);
    EXPECT_EQ(cv::norm(result->main, small, cv::NORM_INF), 0);
    EXPECT_EQ(cv::countNonZero(result->mask), 0);

    const cv::Mat large = faded({900, 700}, 2, 0);
    auto asked = params(leave_alone);
    asked["megapixels"] = 0.25;
    const auto reduced = restore(large, asked);
    ASSERT_TRUE(reduced);
    EXPECT_EQ(reduced->main.size(), large.size());
    EXPECT_LE(cv::norm(reduced->main, large, cv::NORM_INF), 3);
}

TEST(Restore, TheWorkingSizeHasThePixelsAskedForAndTheAspectOfThePicture) {
    for (const cv::Size size : {cv::Size(300, 200), cv::Size(1'000, 1'400), cv::Size(80, 60)}) {
        const auto result = restore(faded(size, 3), params(R"({"v":1,"megapixels":0.25,"scratches":"off"})"));
        ASSERT_TRUE(result);
        const cv::Size made = result->main.size();
        EXPECT_NEAR(made.area() / (0.25 * 1024 * 1024), 1, 0.01);
        EXPECT_NEAR(double(made.width) / made.height / (double(size.width) / size.height), 1, 0.005);
        EXPECT_EQ(result->mask.size(), made);
    }
}

TEST(Restore, AScratchIsFoundAndFilled) {
    const cv::Mat whole = faded({400, 300}, 4);
    cv::Mat scratched = whole.clone();
    cv::line(scratched, {40, 30}, {330, 260}, cv::Scalar(235, 235, 235), 2, cv::LINE_AA);
    cv::circle(scratched, {300, 80}, 2, cv::Scalar(20, 20, 20), cv::FILLED);
    auto asked = params(leave_alone);
    asked["scratches"] = "auto";
    const auto result = restore(scratched, asked);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->mask.at<uchar>(145, 185), 255);
    EXPECT_EQ(result->mask.at<uchar>(80, 300), 255);
    EXPECT_LT(cv::countNonZero(result->mask), 400 * 8);
    EXPECT_GT(cv::norm(scratched, whole, cv::NORM_L1), 4 * cv::norm(result->main, whole, cv::NORM_L1));
    cv::Mat changed;
    cv::absdiff(result->main, scratched, changed);
    cv::transform(changed, changed, cv::Matx13f(1, 1, 1));
    EXPECT_EQ(cv::countNonZero(changed & (result->mask == 0)), 0);  // beside the scratch nothing was touched
}

TEST(Restore, WhatLooksLikeScratchesAllOverIsLeftAlone) {
    cv::Mat net = faded({400, 300}, 5, 1);
    for (int at = 0; at < 700; at += 30)
        cv::line(net, {at, 0}, {at - 300, 300}, cv::Scalar(250, 250, 250), 3);
    auto asked = params(leave_alone);
    asked["scratches"] = "strong";
    const auto result = restore(net, asked);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->warnings.size(), 1u);
    EXPECT_EQ(result->warnings[0].code, "scratches_ambiguous");
    EXPECT_EQ(cv::countNonZero(result->mask), 0);
    EXPECT_EQ(cv::norm(result->main, net, cv::NORM_INF), 0);
}

TEST(Restore, NoiseGoesContrastComesBackAndACastIsLessened) {
    const cv::Mat print = faded({400, 300}, 6, 8);
    const auto result = restore(print, params(R"({"v":1,"output_size":"original","grain":0})"));
    ASSERT_TRUE(result);
    EXPECT_GT(result->measures.at("noise_sigma").as_double(), 3);
    EXPECT_GT(result->measures.at("contrast_gain").as_double(), 1.1);
    const cv::Scalar before = cv::mean(print), after = cv::mean(result->main);
    EXPECT_LT((after[0] - after[2]) / after[0], 0.8 * (before[0] - before[2]) / before[0]);
    cv::Mat fine_before, fine_after, mean, spread_before, spread_after;
    cv::Laplacian(print, fine_before, CV_32F);
    cv::Laplacian(result->main, fine_after, CV_32F);
    cv::meanStdDev(fine_before, mean, spread_before);
    cv::meanStdDev(fine_after, mean, spread_after);
    EXPECT_LT(spread_after.at<double>(1), 0.6 * spread_before.at<double>(1));
}

TEST(Restore, GreyHasNoColourAndTransparencyStays) {
    cv::Mat print;
    cv::cvtColor(faded({120, 90}, 7), print, cv::COLOR_RGB2RGBA);
    print(cv::Rect(0, 0, 60, 90)).setTo(cv::Scalar(0, 0, 0, 0));
    const auto result = restore(print, params(R"({"v":1,"colour":"grey","output_size":"original"})"));
    ASSERT_TRUE(result);
    ASSERT_EQ(result->main.type(), CV_8UC4);
    EXPECT_EQ(result->main.at<cv::Vec4b>(40, 20)[3], 0);
    const auto pixel = result->main.at<cv::Vec4b>(40, 100);
    EXPECT_EQ(pixel[3], 255);
    EXPECT_EQ(pixel[0], pixel[1]);
    EXPECT_EQ(pixel[0], pixel[2]);
}

TEST(Restore, FacesAreSaidToBeIgnoredAndPlainOrTinyPicturesAreNoTrouble) {
    const auto asked = params(R"({"v":1,"faces":"strong","tone":"strong","scratches":"strong"})");
    for (const cv::Size size : {cv::Size(16, 16), cv::Size(16, 400)}) {
        for (const int tone : {0, 128, 255}) {
            const auto result = restore(cv::Mat(size, CV_8UC3, cv::Scalar::all(tone)), asked);
            ASSERT_TRUE(result);
            ASSERT_EQ(result->warnings.size(), 1u);
            EXPECT_EQ(result->warnings[0].code, "faces_ignored");
        }
    }
}

TEST(Restore, SameBytesTwiceAndAtAnyThreadCount) {
    cv::Mat print = faded({260, 190}, 8, 6);
    cv::line(print, {30, 20}, {200, 150}, cv::Scalar(240, 240, 240), 3, cv::LINE_AA);
    const auto asked = params(R"({"v":1,"megapixels":0.25,"seed":5})");
    cv::setNumThreads(1);
    const auto alone = restore(print, asked);
    cv::setNumThreads(2);
    const auto both = restore(print, asked);
    EXPECT_EQ(cv::norm(alone->main, both->main, cv::NORM_INF), 0);
    EXPECT_EQ(cv::norm(alone->mask, both->mask, cv::NORM_INF), 0);
}

}  // namespace
}  // namespace darkroom::imaging
