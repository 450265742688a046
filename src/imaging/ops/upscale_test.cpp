// What upscale_2k promises, on scenes drawn here: gain over Lanczos, consistency, exact size, crisp alpha.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/operation.h"
#include "imaging/ops/upscale_denoise.h"

namespace darkroom::imaging {
namespace {

boost::json::object params(const char* text) { return boost::json::parse(text).as_object(); }

double psnr(const cv::Mat& a, const cv::Mat& b) {
    cv::Mat first, second;
    a.convertTo(first, CV_32F);
    b.convertTo(second, CV_32F);
    const double error =
        cv::norm(first, second, cv::NORM_L2SQR) / static_cast<double>(first.total() * first.channels());
    return 10 * std::log10(255 * 255 / std::max(error, 1e-9));
}

// Edges, text, thin lines and a little sensor noise: smooth scenes give every method 45 dB and hide all
// differences.
cv::Mat draw_scene(std::uint64_t seed, int side) {
    cv::RNG random(seed + 1);
    cv::Mat scene(side, side, CV_8UC3, cv::Scalar(210, 205, 190));
    const auto colour = [&] {
        return cv::Scalar(random.uniform(0, 255), random.uniform(0, 255), random.uniform(0, 255));
    };
    const auto point = [&] { return cv::Point(random.uniform(0, side), random.uniform(0, side)); };
    for (int i = 0; i < 20; ++i)
        cv::circle(scene, point(), random.uniform(side / 60, side / 10), colour(), -1, cv::LINE_AA);
    for (int i = 0; i < 30; ++i) cv::line(scene, point(), point(), colour(), 1 + i % 7, cv::LINE_AA);
    for (int i = 0; i < 20; ++i) {
        cv::putText(scene, "Darkroom 2048", point(), cv::FONT_HERSHEY_TRIPLEX, 0.8 + 0.1 * i, colour(),
                    1 + i / 6, cv::LINE_AA);
    }
    cv::GaussianBlur(scene, scene, {}, 0.7);
    cv::Mat noise(scene.size(), CV_16SC3), sum;
    random.fill(noise, cv::RNG::NORMAL, 0, 1.5);
    scene.convertTo(sum, CV_16S);
    sum += noise;
    sum.convertTo(scene, CV_8U);
    return scene;
}

cv::Mat averaged(const cv::Mat& picture, cv::Size size) {
    cv::Mat small;
    cv::resize(picture, small, size, 0, 0, cv::INTER_AREA);
    return small;
}

TEST(Upscale2k, BeatsLanczosOnEdgesAndTextAndStaysConsistentWithTheInput) {
    double gain = 0;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        SCOPED_TRACE(seed);
        const cv::Mat truth = draw_scene(seed, 1'024);
        const cv::Mat low = averaged(truth, {256, 256});
        const auto result = upscale_2k(low, params(R"({"v":1,"target":1024})"));
        ASSERT_TRUE(result);
        ASSERT_EQ(result->main.size(), truth.size());
        cv::Mat lanczos;
        cv::resize(low, lanczos, truth.size(), 0, 0, cv::INTER_LANCZOS4);
        gain += psnr(result->main, truth) - psnr(lanczos, truth);
        EXPECT_GE(psnr(averaged(result->main, low.size()), low), 38);
    }
    EXPECT_GE(gain / 3, 0.6);
    RecordProperty("gain_over_lanczos_centidecibels", static_cast<int>(gain / 3 * 100));
}

TEST(Upscale2k, ConsistencyHoldsForNoisyInputAndEverySetting) {
    cv::RNG random(7);
    cv::Mat low = averaged(draw_scene(11, 640), {300, 300}), noise(low.size(), CV_16SC3), sum;
    random.fill(noise, cv::RNG::NORMAL, 0, 9);
    low.convertTo(sum, CV_16S);
    sum += noise;
    sum.convertTo(low, CV_8U);
    for (const char* text : {R"({"v":1,"target":1111,"denoise":1,"sharpen":1})",
                             R"({"v":1,"target":700,"denoise":1,"sharpen":0})",
                             R"({"v":1,"target":900,"mode":"art","sharpen":1})",
                             R"({"v":1,"target":600,"mode":"faithful"})", R"({"v":1,"target":301})"}) {
        SCOPED_TRACE(text);
        const auto result = upscale_2k(low, params(text));
        ASSERT_TRUE(result);
        EXPECT_GE(psnr(averaged(result->main, low.size()), low), 38);
        EXPECT_GE(result->measures.at("consistency_db").as_double(), 38);
    }
}

TEST(Upscale2k, LongSideIsExactAndTheOtherRounded) {
    const struct {
        cv::Size input;
        cv::Size expected;
    } table[] = {
        {{512, 512}, {2048, 2048}}, {{1'000, 333}, {2048, 682}},     {{333, 1'000}, {682, 2048}},
        {{2'047, 17}, {2048, 17}},  {{1'999, 1'501}, {2048, 1'538}},
    };
    for (const auto& row : table) {
        const cv::Mat low(row.input, CV_8UC3, cv::Scalar(40, 90, 200));
        const auto result = upscale_2k(low, params(R"({"v":1})"));
        ASSERT_TRUE(result);
        EXPECT_EQ(result->main.size(), row.expected) << row.input;
        EXPECT_LE(
            cv::norm(result->main, cv::Mat(row.expected, CV_8UC3, cv::Scalar(40, 90, 200)), cv::NORM_INF), 1);
    }
}

TEST(Upscale2k, MaxScaleLimitsAndSaysSo) {
    const cv::Mat low = draw_scene(1, 100);
    const auto result = upscale_2k(low, params(R"({"v":1,"max_scale":4})"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->main.size(), cv::Size(400, 400));
    ASSERT_EQ(result->warnings.size(), 1u);
    EXPECT_EQ(result->warnings[0].code, "target_not_reached");
}

TEST(Upscale2k, LargerInputIsLeftAloneOrReducedAsAsked) {
    const cv::Mat large = draw_scene(2, 800);
    const auto left = upscale_2k(large, params(R"({"v":1,"target":512})"));
    ASSERT_TRUE(left);
    EXPECT_TRUE(left->noop);
    EXPECT_EQ(cv::norm(left->main, large, cv::NORM_INF), 0);
    const auto reduced = upscale_2k(large, params(R"({"v":1,"target":512,"if_larger":"reduce"})"));
    ASSERT_TRUE(reduced);
    EXPECT_FALSE(reduced->noop);
    EXPECT_EQ(reduced->main.size(), cv::Size(512, 512));
}

TEST(Upscale2k, SixteenBitsStaySixteen) {
    cv::Mat low;
    draw_scene(3, 200).convertTo(low, CV_16U, 257);
    low += cv::Scalar(77, 77, 77);
    const auto result = upscale_2k(low, params(R"({"v":1,"target":512})"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->main.type(), CV_16UC3);
    EXPECT_EQ(result->main.size(), cv::Size(512, 512));
    cv::Mat result8, low8;
    result->main.convertTo(result8, CV_8U, 1 / 257.0);
    low.convertTo(low8, CV_8U, 1 / 257.0);
    EXPECT_GE(psnr(averaged(result8, low8.size()), low8), 38);
}

TEST(Upscale2k, CutEdgesOfAlphaStayCrispAndSoftAlphaStaysSoft) {
    cv::Mat low(128, 128, CV_8UC4, cv::Scalar(255, 255, 255, 0));  // hidden white must not shine through
    cv::circle(low, {40, 64}, 25, {200, 20, 20, 255}, -1);
    low(cv::Rect(80, 40, 40, 40)).setTo(cv::Scalar(20, 20, 200, 100));
    const auto result = upscale_2k(low, params(R"({"v":1,"target":512})"));
    ASSERT_TRUE(result);
    const cv::Mat& main = result->main;
    ASSERT_EQ(main.type(), CV_8UC4);
    EXPECT_EQ(main.at<cv::Vec4b>(256, 160)[3], 255);
    EXPECT_NEAR(main.at<cv::Vec4b>(240, 400)[3], 100, 2);
    EXPECT_EQ(main.at<cv::Vec4b>(5, 5)[3], 0);
    int soft = 0;
    for (int x = 0; x < 160; ++x) soft += main.at<cv::Vec4b>(256, x)[3] % 255 != 0 ? 1 : 0;
    EXPECT_LE(soft, 6);  // the outline takes about one source pixel, four of the result
    for (int x = 0; x < 320; ++x) {
        const auto& pixel = main.at<cv::Vec4b>(256, x);
        if (pixel[3] > 0) {
            EXPECT_LT(pixel[1], 60) << x;
        }
    }
    const auto dropped = upscale_2k(low, params(R"({"v":1,"target":512,"alpha":"drop"})"));
    EXPECT_EQ(dropped->main.type(), CV_8UC3);
}

TEST(Upscale2k, SameBytesTwiceAndAtAnyThreadCount) {
    const cv::Mat low = averaged(draw_scene(4, 600), {201, 199});
    const auto asked = params(R"({"v":1,"target":777,"denoise":1,"sharpen":1})");
    cv::setNumThreads(1);
    const cv::Mat alone = upscale_2k(low, asked)->main;
    cv::setNumThreads(2);
    EXPECT_EQ(cv::norm(alone, upscale_2k(low, asked)->main, cv::NORM_INF), 0);
}

TEST(UpscaleDenoise, NoiseIsMeasuredAndTakenAwayWhileEdgesStay) {
    cv::RNG random(3);
    cv::Mat clean(256, 256, CV_32FC3, cv::Scalar(100, 100, 100)), noise(clean.size(), CV_32FC3);
    clean.colRange(128, 256).setTo(cv::Scalar(180, 180, 180));
    random.fill(noise, cv::RNG::NORMAL, 0, 8);
    const cv::Mat noisy = clean + noise;
    cv::Mat plane;
    cv::extractChannel(noisy, plane, 1);
    EXPECT_NEAR(noise_sigma(plane), 8, 1.5);
    EXPECT_GT(psnr(denoise(noisy, 8, 1), clean), psnr(noisy, clean) + 3);
    EXPECT_EQ(cv::norm(denoise(clean, 0, 1), clean, cv::NORM_INF), 0);
}

}  // namespace
}  // namespace darkroom::imaging
