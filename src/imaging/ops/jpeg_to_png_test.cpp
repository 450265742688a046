// What jpeg_to_png promises, on logos and glows drawn here with their truth.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

#include "imaging/ops/jpeg_to_png_key.h"
#include "imaging/ops/operation.h"

namespace darkroom::imaging {
namespace {

boost::json::object params(const char* text) { return boost::json::parse(text).as_object(); }

struct Logo {
    cv::Mat truth;  // RGBA
    cv::Mat shown;  // over the key
};

cv::Mat over(const cv::Mat& rgba, const Rgb& key) {
    cv::Mat shown(rgba.size(), CV_8UC3);
    for (int y = 0; y < rgba.rows; ++y) {
        for (int x = 0; x < rgba.cols; ++x) {
            const auto& pixel = rgba.at<cv::Vec4b>(y, x);
            for (int c = 0; c < 3; ++c) {
                const double value = key[c] + (pixel[c] - key[c]) * (pixel[3] / 255.0);
                shown.at<cv::Vec3b>(y, x)[c] = static_cast<std::uint8_t>(std::lround(value));
            }
        }
    }
    return shown;
}

// A ring, text and a filled shape in two inks, anti-aliased by drawing four times as large.
Logo draw_logo(const Rgb& key, std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto ink = [&] { return cv::Scalar(random() % 120, random() % 120, random() % 120); };
    const cv::Scalar first = ink(), second = ink() + cv::Scalar(100, 20, 0);
    cv::Mat colour(1'200, 1'600, CV_8UC3, first), alpha(1'200, 1'600, CV_8U, cv::Scalar(0));
    const cv::Point centre(500 + int(random() % 200), 500);
    cv::circle(alpha, centre, 320, 255, 90);
    cv::rectangle(alpha, {1'050, 300}, {1'400, 700}, 255, -1);
    cv::rectangle(colour, {1'000, 250}, {1'450, 750}, second, -1);
    cv::putText(alpha, "Darkroom", {300, 1'080}, cv::FONT_HERSHEY_TRIPLEX, 6, 255, 24);
    Logo logo;
    cv::Mat small_colour, small_alpha;
    cv::resize(colour, small_colour, {400, 300}, 0, 0, cv::INTER_AREA);
    cv::resize(alpha, small_alpha, {400, 300}, 0, 0, cv::INTER_AREA);
    cv::merge(std::vector<cv::Mat>{small_colour, small_alpha}, logo.truth);
    logo.shown = over(logo.truth, key);
    return logo;
}

// A disc whose alpha falls off softly, as light does.
Logo draw_glow(const Rgb& key) {
    Logo logo;
    logo.truth.create(300, 300, CV_8UC4);
    for (int y = 0; y < 300; ++y) {
        for (int x = 0; x < 300; ++x) {
            const double r = std::hypot(x - 150, y - 150);
            const double alpha = r < 40 ? 0.9 : 0.9 * std::exp(-std::pow((r - 40) / 40, 2));
            logo.truth.at<cv::Vec4b>(y, x) = {255, 120, 20,
                                              static_cast<std::uint8_t>(std::lround(alpha * 255))};
        }
    }
    logo.shown = over(logo.truth, key);
    return logo;
}

double largest_difference(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF); }

double mean_alpha_error(const cv::Mat& a, const cv::Mat& b) {
    cv::Mat first, second;
    cv::extractChannel(a, first, 3);
    cv::extractChannel(b, second, 3);
    return cv::norm(first, second, cv::NORM_L1) / static_cast<double>(first.total());
}

// What 8x8 quantisation does to a picture, without a codec: the DCT of each block in YCrCb, coarsely rounded.
cv::Mat jpeg_like(const cv::Mat& rgb, float step) {
    cv::Mat ycc;
    cv::cvtColor(rgb, ycc, cv::COLOR_RGB2YCrCb);
    ycc.convertTo(ycc, CV_32F);
    std::vector<cv::Mat> planes;
    cv::split(ycc, planes);
    for (auto& plane : planes) {
        for (int y = 0; y + 8 <= plane.rows; y += 8) {
            for (int x = 0; x + 8 <= plane.cols; x += 8) {
                cv::Mat block = plane(cv::Rect(x, y, 8, 8)), frequencies;
                cv::dct(block, frequencies);
                for (int i = 0; i < 64; ++i) {
                    const int row = i / 8, column = i % 8;
                    auto& value = frequencies.at<float>(row, column);
                    const float quantum = step * static_cast<float>(1 + row + column);
                    value = std::round(value / quantum) * quantum;
                }
                cv::Mat back;
                cv::idct(frequencies, back);
                back.copyTo(block);
            }
        }
    }
    cv::merge(planes, ycc);
    ycc.convertTo(ycc, CV_8U);
    cv::Mat result;
    cv::cvtColor(ycc, result, cv::COLOR_YCrCb2RGB);
    return result;
}

TEST(JpegToPng, UnmixOverItsKeyGivesALosslessInputBackWithinOneLevel) {
    for (std::uint32_t seed = 0; seed < 6; ++seed) {
        SCOPED_TRACE(seed);
        const Rgb key = seed % 2 == 0 ? Rgb(255, 255, 255) : Rgb(240, 180, 200);
        const Logo logo = draw_logo(key, seed);
        const auto result =
            jpeg_to_png(logo.shown, params(R"({"v":1,"method":"unmix","interior":"remove"})"));
        ASSERT_TRUE(result);
        EXPECT_LE(largest_difference(over(result->main, key), logo.shown), 1);
        EXPECT_LT(mean_alpha_error(result->main, logo.truth), 1.5);
    }
    const Logo glow = draw_glow({0, 0, 0});
    const auto result = jpeg_to_png(glow.shown, params(R"({"v":1,"method":"unmix"})"));
    ASSERT_TRUE(result);
    EXPECT_LE(largest_difference(over(result->main, {0, 0, 0}), glow.shown), 1);
    EXPECT_GT(result->measures.at("soft_alpha_fraction").as_double(), 0.25);  // it stays a glow
}

TEST(JpegToPng, UnmixOverItsKeyGivesALossyInputBackToo) {
    for (std::uint32_t seed = 10; seed < 13; ++seed) {
        const Logo logo = draw_logo({255, 255, 255}, seed);
        const cv::Mat shown = jpeg_like(logo.shown, 3);
        const auto result = jpeg_to_png(shown, params(R"({"v":1,"method":"unmix","key":"#FFFFFF"})"));
        ASSERT_TRUE(result);
        EXPECT_LE(largest_difference(over(result->main, {255, 255, 255}), shown), 1);
    }
}

// Method: solid colour must come out solid; plain colour-to-alpha would leave every ink but black translucent
// on white.
TEST(JpegToPng, UnmixKeepsInksOpaque) {
    const Logo logo = draw_logo({255, 255, 255}, 3);
    const auto result = jpeg_to_png(logo.shown, params(R"({"v":1,"method":"unmix","interior":"remove"})"));
    ASSERT_TRUE(result);
    int solid = 0, opaque = 0;
    for (int y = 0; y < logo.truth.rows; ++y) {
        for (int x = 0; x < logo.truth.cols; ++x) {
            if (logo.truth.at<cv::Vec4b>(y, x)[3] < 255) continue;
            ++solid;
            opaque += result->main.at<cv::Vec4b>(y, x)[3] >= 254 ? 1 : 0;
        }
    }
    EXPECT_GT(opaque, solid * 0.97);
}

TEST(JpegToPng, EnclosedKeyColourStaysUnlessAskedToGo) {
    cv::Mat picture(200, 200, CV_8UC3, cv::Scalar(255, 255, 255));
    cv::circle(picture, {100, 100}, 60, {200, 30, 30}, 30);
    for (const char* method : {"unmix", "colour_key"}) {
        const auto with = [&](const char* interior) {
            return jpeg_to_png(picture,
                               boost::json::object{{"v", 1}, {"method", method}, {"interior", interior}});
        };
        EXPECT_EQ(with("keep")->main.at<cv::Vec4b>(100, 100)[3], 255) << method;
        EXPECT_EQ(with("remove")->main.at<cv::Vec4b>(100, 100)[3], 0) << method;
        EXPECT_EQ(with("keep")->main.at<cv::Vec4b>(5, 5)[3], 0) << method;
        EXPECT_EQ(with("keep")->main.at<cv::Vec4b>(100, 40)[3], 255) << method;
    }
}

TEST(JpegToPng, ColourKeyFindsTheOutlineAndLeavesNoRimOfTheKey) {
    const Rgb key(90, 200, 90);
    const Logo logo = draw_logo(key, 5);
    const auto result =
        jpeg_to_png(logo.shown, params(R"({"v":1,"method":"colour_key","interior":"remove"})"));
    ASSERT_TRUE(result);
    EXPECT_LT(mean_alpha_error(result->main, logo.truth), 2.5);
    // On black, a rim of the green key would be brighter than the truth.
    cv::Mat difference = over(result->main, {0, 0, 0}), truth = over(logo.truth, {0, 0, 0});
    cv::absdiff(difference, truth, difference);
    EXPECT_LT(cv::mean(difference)[1], 1.5);
}

TEST(JpegToPng, RingingLeavesNoSpecks) {
    const Logo logo = draw_logo({255, 255, 255}, 7);
    const cv::Mat shown = jpeg_like(logo.shown, 4);
    const auto result = jpeg_to_png(shown, params(R"({"v":1,"method":"colour_key","interior":"remove"})"));
    ASSERT_TRUE(result);
    cv::Mat alpha, inked;
    cv::extractChannel(result->main, alpha, 3);
    cv::extractChannel(logo.truth, inked, 3);
    cv::dilate(inked > 0, inked, cv::getStructuringElement(cv::MORPH_RECT, {9, 9}));
    EXPECT_LT(cv::countNonZero((alpha > 12) & (inked == 0)), 30);
}

TEST(JpegToPng, ColourUnderTransparencyIsTheSubjectsOwn) {
    const Logo logo = draw_logo({255, 255, 255}, 2);
    for (const char* method : {"unmix", "colour_key"}) {
        const auto result = jpeg_to_png(
            logo.shown, boost::json::object{{"v", 1}, {"method", method}, {"interior", "remove"}});
        ASSERT_TRUE(result);
        const cv::Mat& main = result->main;
        int white_beside_ink = 0;
        for (int y = 1; y + 1 < main.rows; ++y) {
            for (int x = 1; x + 1 < main.cols; ++x) {
                const auto& pixel = main.at<cv::Vec4b>(y, x);
                const bool beside =
                    main.at<cv::Vec4b>(y, x + 1)[3] > 200 || main.at<cv::Vec4b>(y + 1, x)[3] > 200;
                if (pixel[3] == 0 && beside && pixel[0] > 250 && pixel[1] > 250 && pixel[2] > 250)
                    ++white_beside_ink;
            }
        }
        EXPECT_EQ(white_beside_ink, 0) << method;
    }
}

TEST(JpegToPng, AutoChoosesByWhatTheBorderSays) {
    const auto method = [](const cv::Mat& picture) {
        const auto result = jpeg_to_png(picture, params(R"({"v":1})"));
        return result ? std::string(result->measures.at("method").as_string()) : result.error().code;
    };
    EXPECT_EQ(method(draw_logo({255, 255, 255}, 1).shown), "unmix");
    EXPECT_EQ(method(jpeg_like(draw_logo({255, 255, 255}, 1).shown, 4)), "unmix");
    EXPECT_EQ(method(draw_logo({18, 20, 25}, 1).shown), "unmix");
    EXPECT_EQ(method(jpeg_like(draw_logo({18, 20, 25}, 2).shown, 4)), "colour_key");  // ringing would show
    cv::Mat photo(240, 240, CV_8UC3, cv::Scalar(250, 250, 250));
    for (int y = 50; y < 190; ++y) {
        for (int x = 50; x < 190; ++x)
            photo.at<cv::Vec3b>(y, x) =
                cv::Vec3b(std::uint8_t(x), std::uint8_t(y), std::uint8_t((x * y) % 251));
    }
    EXPECT_EQ(method(photo), "colour_key");
}

TEST(JpegToPng, TransparentInputIsReturnedAsItIs) {
    const Logo logo = draw_logo({255, 255, 255}, 4);
    const auto result = jpeg_to_png(logo.truth, params(R"({"v":1})"));
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->noop);
    EXPECT_EQ(largest_difference(result->main, logo.truth), 0);
}

TEST(JpegToPng, NothingButBackgroundIsNoSubject) {
    const cv::Mat empty(64, 64, CV_8UC3, cv::Scalar(200, 200, 200));
    for (const char* method : {"unmix", "colour_key", "auto"}) {
        const auto result = jpeg_to_png(empty, boost::json::object{{"v", 1}, {"method", method}});
        ASSERT_FALSE(result) << method;
        EXPECT_EQ(result.error().code, "no_subject");
    }
}

TEST(JpegToPng, TrimCutsToWhatIsVisibleAndSixteenBitsStaySixteen) {
    cv::Mat picture(100, 140, CV_16UC3, cv::Scalar(65'535, 65'535, 65'535));
    picture(cv::Rect(30, 20, 50, 40)).setTo(cv::Scalar(9'000, 30'000, 50'001));
    const auto result = jpeg_to_png(picture, params(R"({"v":1,"trim":true,"png":{"bits":16}})"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->main.size(), cv::Size(50, 40));
    EXPECT_EQ(result->main.type(), CV_16UC4);
    EXPECT_EQ(result->main.at<cv::Vec4w>(20, 25), cv::Vec4w(9'000, 30'000, 50'001, 65'535));
    EXPECT_EQ(jpeg_to_png(picture, params(R"({"v":1})"))->main.type(), CV_8UC4);
}

TEST(JpegToPng, SameBytesTwiceAndAtAnyThreadCount) {
    const cv::Mat shown = jpeg_like(draw_logo({255, 255, 255}, 9).shown, 3);
    for (const char* method : {"unmix", "colour_key"}) {
        const boost::json::object asked{{"v", 1}, {"method", method}};
        cv::setNumThreads(1);
        const cv::Mat alone = jpeg_to_png(shown, asked)->main;
        cv::setNumThreads(2);
        EXPECT_EQ(largest_difference(alone, jpeg_to_png(shown, asked)->main), 0) << method;
    }
}

TEST(JpegToPng, SmallestAndOddestPicturesAreWorked) {
    for (const cv::Size size : {cv::Size(16, 16), cv::Size(16, 333), cv::Size(501, 17)}) {
        cv::Mat picture(size, CV_8UC3, cv::Scalar(255, 255, 255));
        cv::circle(picture, {size.width / 2, size.height / 2}, 5, {0, 0, 160}, -1);
        for (const char* method : {"unmix", "colour_key", "auto"}) {
            const auto result = jpeg_to_png(picture, boost::json::object{{"v", 1}, {"method", method}});
            ASSERT_TRUE(result) << size << method;
            EXPECT_EQ(result->main.size(), size);
        }
    }
}

}  // namespace
}  // namespace darkroom::imaging
