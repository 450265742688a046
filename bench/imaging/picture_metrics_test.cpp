#include "bench/imaging/picture_metrics.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "bench/imaging/shrink.h"

namespace darkroom::bench {
namespace {

cv::Mat noise(int side, double sigma, std::uint64_t seed) {
    cv::Mat picture(side, side, CV_8UC3);
    cv::RNG(seed).fill(picture, cv::RNG::NORMAL, 128, sigma);
    return picture;
}

TEST(PictureMetrics, KnowAPictureFromItselfAndFromAnother) {
    const cv::Mat picture = noise(64, 30, 1);
    EXPECT_EQ(psnr(picture, picture), 99);
    EXPECT_NEAR(ssim(picture, picture), 1, 1e-6);
    EXPECT_LT(ssim(picture, noise(64, 30, 2)), 0.2);
    const cv::Mat lighter = picture + cv::Scalar::all(5);
    EXPECT_NEAR(psnr(lighter, picture), 20 * std::log10(255.0 / 5), 0.2);
    EXPECT_GT(psnr(fitted(lighter, picture),
                   [&] {
                       cv::Mat exact;
                       picture.convertTo(exact, CV_32F);
                       return exact;
                   }()),
              40);
}

TEST(PictureMetrics, LookOnlyWhereTheMaskIs) {
    const cv::Mat picture = noise(64, 30, 1);
    cv::Mat other = picture.clone();
    other(cv::Rect(0, 0, 10, 10)).setTo(cv::Scalar::all(0));
    cv::Mat outside(64, 64, CV_8U, cv::Scalar(255));
    outside(cv::Rect(0, 0, 10, 10)).setTo(0);
    EXPECT_EQ(psnr(picture, other, outside), 99);
    EXPECT_LT(psnr(picture, other, ~outside), 15);
    EXPECT_EQ(psnr(picture, other, cv::Mat::zeros(64, 64, CV_8U)), 99) << "no pixels, no difference";
}

TEST(PictureMetrics, TellSharpFromBlurred) {
    const cv::Mat sharp = noise(64, 30, 1);
    cv::Mat blurred;
    cv::GaussianBlur(sharp, blurred, {}, 1.5);
    const cv::Mat all(64, 64, CV_8U, cv::Scalar(255));
    EXPECT_LT(texture_of(blurred, all), texture_of(sharp, all) / 3);
    EXPECT_LT(gradient_of(blurred), gradient_of(sharp) / 2);
}

TEST(PictureMetrics, SeeEdgesThatStandAloneAndNotBothSidesOfALine) {
    cv::Mat picture(80, 160, CV_8UC3, cv::Scalar::all(40));
    picture.colRange(100, 160).setTo(cv::Scalar::all(200));  // a step at 100
    picture.colRange(30, 32).setTo(cv::Scalar::all(200));    // a line of two pixels at 30
    const cv::Mat edges = edges_of(picture, 4);
    EXPECT_EQ(edges.at<uchar>(40, 100), 255);
    EXPECT_EQ(edges.at<uchar>(40, 31), 0);
    EXPECT_EQ(edges.at<uchar>(40, 130), 0) << "flat";
    EXPECT_EQ(cv::countNonZero(edges_of(noise(64, 1, 1), 4)), 0) << "noise is no edge";
}

TEST(PictureMetrics, CountWhatOvershootsItsSource) {
    cv::Mat small(16, 16, CV_8UC3, cv::Scalar::all(50));
    small.colRange(8, 16).setTo(cv::Scalar::all(200));
    cv::Mat plain, ringing;
    cv::resize(small, plain, {64, 64}, 0, 0, cv::INTER_LINEAR);
    cv::resize(small, ringing, {64, 64}, 0, 0, cv::INTER_LANCZOS4);
    EXPECT_EQ(overshoot_of(plain, small), 0);
    EXPECT_GT(overshoot_of(ringing, small), 0.02);
}

TEST(PictureMetrics, LayACutOutOnAColour) {
    const cv::Mat red(4, 4, CV_8UC3, cv::Scalar(200, 0, 0));
    const cv::Mat half = cut_out(red, cv::Mat(4, 4, CV_32F, cv::Scalar(0.5)));
    const cv::Vec3b mixed = laid_on(half, magenta).at<cv::Vec3b>(1, 1);
    EXPECT_NEAR(mixed[0], 227, 1);
    EXPECT_EQ(mixed[1], 0);
    EXPECT_NEAR(mixed[2], 127, 1);
}

TEST(Shrinking, SumsUpAllPixelsAndKeepsTheMean) {
    cv::Mat stripes(64, 64, CV_8UC3, cv::Scalar::all(0));
    for (int x = 0; x < 64; x += 2) stripes.col(x).setTo(cv::Scalar::all(200));
    const cv::Mat small = shrunk_bicubic(stripes, {16, 16});
    ASSERT_EQ(small.size(), cv::Size(16, 16));
    for (int x = 2; x < 14; ++x) EXPECT_NEAR(small.at<cv::Vec3b>(8, x)[1], 100, 3) << "an alias at " << x;
}

}  // namespace
}  // namespace darkroom::bench
