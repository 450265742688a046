// Method: textures of known statistics with a magenta box painted on them, so that what comes back can be
// held against what was there; and every pixel outside the reach against the input.
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/json.h"
#include "imaging/ops/operation.h"
#include "imaging/ops/removal_region.h"

namespace darkroom::imaging {
namespace {

constexpr std::uint64_t held_out_seed = 5000;

boost::json::object params(const std::string& text) { return parse_json(text)->as_object(); }

cv::Mat noise(cv::Size size, int cell, cv::RNG& random) {
    cv::Mat coarse(size.height / cell + 3, size.width / cell + 3, CV_32FC3), fine;
    random.fill(coarse, cv::RNG::NORMAL, 0, 1);
    cv::resize(coarse, fine, coarse.size() * cell, 0, 0, cv::INTER_CUBIC);
    return fine(cv::Rect({}, size)).clone();
}

enum class Ground { cloudy, bricks, waves };

cv::Mat draw_ground(Ground ground, std::uint64_t seed, int side) {
    cv::RNG random(seed);
    cv::Mat picture(side, side, CV_32FC3, cv::Scalar(120, 130, 110)), result;
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            auto& pixel = picture.at<cv::Vec3f>(y, x);
            const bool mortar = y % 40 < 3 || (x + (y / 40 % 2) * 40) % 80 < 3;
            if (ground == Ground::bricks) pixel = mortar ? cv::Vec3f(180, 175, 170) : cv::Vec3f(150, 70, 50);
            if (ground == Ground::waves) pixel += cv::Vec3f(40, 30, 20) * float(std::sin(x * 0.2 + y * 0.05));
        }
    }
    if (ground == Ground::cloudy) {
        for (int cell = 2; cell <= 32; cell *= 2)
            picture += noise(picture.size(), cell, random) * (3 * std::sqrt(cell));
    } else {
        picture += noise(picture.size(), 8, random) * 6 + noise(picture.size(), 1, random) * 5;
    }
    picture.convertTo(result, CV_8U);
    return result;
}

double texture(const cv::Mat& picture, const cv::Mat& where) {
    cv::Mat grey, laplacian, mean, deviation;
    cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
    cv::Laplacian(grey, laplacian, CV_32F);
    cv::meanStdDev(laplacian, mean, deviation, where);
    return deviation.at<double>(0);
}

double psnr(const cv::Mat& a, const cv::Mat& b, const cv::Mat& where) {
    const double squared = cv::norm(a, b, cv::NORM_L2SQR, where) / 3 / cv::countNonZero(where);
    return 10 * std::log10(255 * 255 / std::max(squared, 1e-9));
}

cv::Mat with_box(const cv::Mat& ground, cv::Rect box) {
    cv::Mat picture = ground.clone();
    picture(box).setTo(cv::Scalar(255, 0, 255));
    return picture;
}

std::string box_params(cv::Rect box, const std::string& more = "") {
    return R"({"v":1,"units":"px","seed":7,"region":{"boxes":[[)" + std::to_string(box.x) + "," +
           std::to_string(box.y) + "," + std::to_string(box.width) + "," + std::to_string(box.height) +
           "]]}" + more + "}";
}

TEST(ObjectRemove, TextureIsContinuedAsItWasOnHeldOutSeeds) {
    const cv::Rect box(210, 190, 90, 100);
    for (const auto ground : {Ground::cloudy, Ground::bricks, Ground::waves}) {
        double ratio = 0, gain = 0;
        for (std::uint64_t seed = held_out_seed; seed < held_out_seed + 3; ++seed) {
            SCOPED_TRACE(seed);
            const cv::Mat truth = draw_ground(ground, seed, 512);
            const cv::Mat picture = with_box(truth, box);
            const auto result = object_remove(picture, params(box_params(box)));
            const auto fast = object_remove(picture, params(box_params(box, R"(,"method":"fast")")));
            ASSERT_TRUE(result && fast);
            EXPECT_EQ(result->measures.at("method"), "exemplar");
            const cv::Mat hole = result->mask == 255;
            ratio += texture(result->main, hole) / texture(truth, hole) / 3;
            gain += (psnr(result->main, truth, hole) - psnr(fast->main, truth, hole)) / 3;
            EXPECT_GT(result->measures.at("confidence").as_double(), 0.5);
        }
        EXPECT_GE(ratio, 0.75) << static_cast<int>(ground);
        EXPECT_LE(ratio, 1.25) << static_cast<int>(ground);
        // Where texture is random no fill can be right by pixel; where it repeats, this one is.
        EXPECT_GE(gain, ground == Ground::cloudy ? -2.0 : 3.0) << static_cast<int>(ground);
        RecordProperty("texture_ratio_percent_" + std::to_string(static_cast<int>(ground)),
                       static_cast<int>(ratio * 100));
    }
}

TEST(ObjectRemove, OutsideOfItsReachEveryPixelIsTheInputs) {
    const cv::Mat picture = draw_ground(Ground::bricks, 3, 300);
    for (const char* shape : {R"({"boxes":[[0.2,0.2,0.3,0.1],[0.9,0.9,0.1,0.1]]})",
                              R"({"polygons":[[[0,0],[0.2,0.05],[0.1,0.3]]]})",
                              R"({"strokes":[{"points":[[0.1,0.5],[0.9,0.6],[0.5,0.99]],"width":0.02}]})"}) {
        for (const char* more : {"", R"(,"grow":0,"feather":0)", R"(,"grow":0.05,"feather":0.03)",
                                 R"(,"method":"fast")", R"(,"method":"exemplar")"}) {
            SCOPED_TRACE(std::string(shape) + more);
            const auto asked = params(R"({"v":1,"seed":1,"region":)" + std::string(shape) + more + "}");
            const auto result = object_remove(picture, asked);
            ASSERT_TRUE(result);
            const auto region = draw_region(asked, picture.size());
            cv::Mat distance, changed;
            cv::distanceTransform(*region == 0, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
            const auto value = [&](const char* name, double otherwise) {
                return asked.contains(name) ? asked.at(name).to_number<double>() : otherwise;
            };
            const double reach = 300 * (value("grow", 0.008) + value("feather", 0.004));
            cv::absdiff(picture, result->main, changed);
            cv::transform(changed, changed, cv::Matx13f(1, 1, 1));
            EXPECT_EQ(cv::countNonZero(changed & (distance > reach)), 0);
            EXPECT_EQ(cv::countNonZero(changed & (result->mask == 0) & (distance > reach - 1)), 0);
            EXPECT_GT(cv::countNonZero(changed), 0);
            EXPECT_EQ(cv::countNonZero(*region & ~result->mask), 0);  // all of the region was redone
            EXPECT_EQ(result->main.size(), picture.size());
        }
    }
}

TEST(ObjectRemove, APlainSurroundingIsContinuedWithoutATrace) {
    cv::Mat truth(200, 260, CV_8UC3);
    for (int y = 0; y < truth.rows; ++y) truth.row(y).setTo(cv::Scalar(30 + y, 240 - y, 180));
    const cv::Rect box(100, 80, 40, 30);
    const auto result = object_remove(with_box(truth, box), params(box_params(box)));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->measures.at("method"), "fast");
    EXPECT_LE(cv::norm(result->main, truth, cv::NORM_INF), 6);
    EXPECT_TRUE(result->warnings.empty());
}

TEST(ObjectRemove, AnEdgeThatIsCutBySomethingNarrowGoesOnStraight) {
    cv::Mat truth(160, 160, CV_8UC3, cv::Scalar(60, 60, 60));
    cv::fillPoly(truth, std::vector<std::vector<cv::Point>>{{{-20, 200}, {200, -20}, {200, 200}}},
                 cv::Scalar(200, 200, 200), cv::LINE_AA);
    cv::Mat wire = truth.clone();
    cv::line(wire, {0, 60}, {159, 110}, cv::Scalar(255, 0, 255), 3);
    const auto result =
        object_remove(wire, params(R"({"v":1,"units":"px","method":"fast","grow":0.01,"feather":0.01,"seed":1,
                         "region":{"strokes":[{"points":[[0.5,60.5],[159.5,110.5]],"width":0.02}]}})"));
    ASSERT_TRUE(result);
    EXPECT_GE(psnr(result->main, truth, result->mask > 0), 27);
}

TEST(ObjectRemove, AShadowBelowGoesTooWhenAsked) {
    cv::Mat truth = draw_ground(Ground::waves, 9, 256);
    cv::Mat picture = truth.clone();
    cv::Mat shade(picture.size(), CV_8UC3, cv::Scalar::all(255)), dark;
    cv::ellipse(shade, {140, 160}, {45, 14}, 0, 0, 360, cv::Scalar::all(115), cv::FILLED);
    cv::multiply(picture, shade, picture, 1 / 255.0);
    const cv::Rect box(110, 90, 40, 70);
    picture(box).setTo(cv::Scalar(255, 0, 255));
    const auto without = object_remove(picture, params(box_params(box)));
    const auto with = object_remove(picture, params(box_params(box, R"(,"include_shadow":true)")));
    ASSERT_TRUE(without && with);
    EXPECT_EQ(without->mask.at<uchar>(162, 172), 0);
    EXPECT_EQ(with->mask.at<uchar>(162, 172), 255);
    EXPECT_EQ(with->mask.at<uchar>(40, 60), 0);
    EXPECT_EQ(with->mask.at<uchar>(240, 60), 0);
}

TEST(ObjectRemove, RegionsThatCannotBeAreRefusedWithTheirCode) {
    const cv::Mat picture = draw_ground(Ground::waves, 1, 64);
    const struct {
        const char* text;
        const char* code;
    } table[] = {
        {R"({"v":1})", "region_missing"},
        {R"({"v":1,"region":{"boxes":null}})", "region_missing"},
        {R"({"v":1,"units":"px","region":{"boxes":[[60,0,20,10]]}})", "region_out_of_bounds"},
        {R"({"v":1,"units":"px","region":{"boxes":[[-3,0,20,10]]}})", "region_out_of_bounds"},
        {R"({"v":1,"units":"px","region":{"polygons":[[[0,0],[1e300,4],[4,4]]]}})", "region_out_of_bounds"},
        {R"({"v":1,"units":"px","region":{"strokes":[{"points":[[70,70]],"width":0.1}]}})",
         "region_out_of_bounds"},
        {R"({"v":1,"region":{"boxes":[[0,0,1,0.6]]}})", "region_too_large"},
        {R"({"v":1,"max_region":0.01,"region":{"boxes":[[0,0,0.2,0.2]]}})", "region_too_large"},
    };
    for (const auto& row : table) {
        const auto result = object_remove(picture, params(row.text));
        ASSERT_FALSE(result) << row.text;
        EXPECT_EQ(result.error().code, row.code) << row.text;
        EXPECT_FALSE(result.error().message.empty());
    }
}

TEST(ObjectRemove, SmallPicturesLargeRegionsAndTransparencyAreNoTrouble) {
    const auto all = params(R"({"v":1,"max_region":0.9,"seed":3,"region":{"boxes":[[0,0,1,0.8]]}})");
    for (const cv::Size size : {cv::Size(16, 16), cv::Size(16, 300), cv::Size(90, 70)}) {
        cv::Mat picture(size, CV_8UC3, cv::Scalar(10, 200, 30));
        const auto result = object_remove(picture, all);
        ASSERT_TRUE(result) << size;
        EXPECT_EQ(result->main.size(), size);
    }
    cv::Mat cut(100, 100, CV_8UC4, cv::Scalar(0, 0, 0, 0));
    cut(cv::Rect(30, 30, 20, 20)).setTo(cv::Scalar(200, 10, 10, 255));
    const auto result = object_remove(cut, params(R"({"v":1,"region":{"boxes":[[0.28,0.28,0.24,0.24]]}})"));
    ASSERT_TRUE(result);
    ASSERT_EQ(result->main.type(), CV_8UC4);
    EXPECT_EQ(result->main.at<cv::Vec4b>(40, 40)[3], 0);  // nothing is left, also no hole of colour
}

TEST(ObjectRemove, SameBytesTwiceAndAtAnyThreadCountAndOtherBytesBySeed) {
    const cv::Rect box(60, 50, 50, 60);
    const cv::Mat picture = with_box(draw_ground(Ground::cloudy, 4, 200), box);
    const auto asked = params(box_params(box));
    cv::setNumThreads(1);
    const cv::Mat alone = object_remove(picture, asked)->main;
    cv::setNumThreads(2);
    EXPECT_EQ(cv::norm(alone, object_remove(picture, asked)->main, cv::NORM_INF), 0);
    auto other = asked;
    other["seed"] = 8;
    EXPECT_GT(cv::norm(alone, object_remove(picture, other)->main, cv::NORM_INF), 0);
}

TEST(RemovalRegion, OutlinesFollowTheEvenOddRuleAndBoxesCoverWhatTheyTouch) {
    const auto drawn = [](const std::string& region) {
        return *draw_region(params(R"({"v":1,"units":"px","region":)" + region + "}"), {100, 80});
    };
    EXPECT_EQ(cv::countNonZero(drawn(R"({"boxes":[[10,20,30,5]]})")), 150);
    EXPECT_EQ(cv::countNonZero(drawn(R"({"boxes":[[10.2,20.2,0.1,0.1]]})")), 1);
    EXPECT_EQ(cv::countNonZero(drawn(R"({"boxes":[[100,80,0.1,0.1]]})")), 1);
    // A square within a square, joined by a seam: the inner one is a hole.
    const cv::Mat ring = drawn(R"({"polygons":[[[10,10],[60,10],[60,60],[10,60],[10,10],
                                               [20,20],[20,50],[50,50],[50,20],[20,20]]]})");
    EXPECT_EQ(ring.at<uchar>(35, 35), 0);
    EXPECT_EQ(ring.at<uchar>(35, 15), 255);
    const cv::Mat dot = drawn(R"({"strokes":[{"points":[[50,40]],"width":0.2}]})");
    EXPECT_NEAR(cv::countNonZero(dot), 314, 25);
}

}  // namespace
}  // namespace darkroom::imaging
