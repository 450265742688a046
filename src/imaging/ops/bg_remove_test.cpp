// The guarantees of bg_remove, (a) to (f) of its contract, its errors, and that the same bytes come out every
// time.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "imaging/ops/operation.h"
#include "imaging/ops/test_scene.h"

namespace darkroom::imaging {
namespace {

using testing_scenes::draw_scene;
using testing_scenes::overlap_share;
using testing_scenes::Scene;

OperationResult remove(const cv::Mat& picture, const char* params = "{}") {
    return bg_remove(picture, boost::json::parse(params).as_object());
}

cv::Mat alpha_of(const cv::Mat& rgba) {
    cv::Mat alpha;
    cv::extractChannel(rgba, alpha, 3);
    return alpha;
}

bool same(const cv::Mat& a, const cv::Mat& b) {
    return a.type() == b.type() && a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

TEST(BgRemove, KeepsTheSizeAndFindsTheSubject) {
    const Scene scene = draw_scene({.shadow = true});
    const auto result = remove(scene.picture);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->main.size(), scene.picture.size());
    EXPECT_EQ(result->main.type(), CV_8UC4);
    EXPECT_GT(overlap_share(result->mask, scene.alpha), 0.97);
    EXPECT_GT(result->measures.at("confidence").as_double(), 0.6);
    EXPECT_NEAR(result->measures.at("alpha_coverage").as_double(), cv::mean(scene.alpha)[0] / 255, 0.01);
    EXPECT_GT(result->measures.at("soft_alpha_fraction").as_double(), 0);
    EXPECT_TRUE(result->warnings.empty());
    EXPECT_FALSE(result->noop);
}

TEST(BgRemove, SolidPixelsKeepTheirColourExactlyWithAndWithoutShadow) {
    const Scene scene = draw_scene({.shadow = true});
    for (const char* params : {"{}", R"({"shadow":{"mode":"drop","opacity":1}})",
                               R"({"shadow":{"mode":"keep"}})", R"({"halo":{"mode":"off"}})"}) {
        SCOPED_TRACE(params);
        const auto result = remove(scene.picture, params);
        ASSERT_TRUE(result.ok());
        int solid = 0;
        for (int y = 0; y < scene.picture.rows; ++y) {
            for (int x = 0; x < scene.picture.cols; ++x) {
                const cv::Vec4b pixel = result->main.at<cv::Vec4b>(y, x);
                if (pixel[3] != 255) continue;
                ++solid;
                ASSERT_EQ(cv::Vec3b(pixel[0], pixel[1], pixel[2]), scene.picture.at<cv::Vec3b>(y, x))
                    << x << ',' << y;
            }
        }
        EXPECT_GT(solid, 5000);
    }
}

TEST(BgRemove, AlphaIsStraightSoThatSoftPixelsHaveTheSubjectsColour) {
    const auto result = remove(draw_scene({.noise = 0}).picture);
    ASSERT_TRUE(result.ok());
    int soft = 0;
    for (const cv::Vec4b& pixel : cv::Mat_<cv::Vec4b>(result->main)) {
        if (pixel[3] < 60 || pixel[3] > 220) continue;
        ++soft;
        EXPECT_LT(cv::norm(cv::Vec3f(pixel[0], pixel[1], pixel[2]) - cv::Vec3f(60, 90, 150)), 45);
    }
    EXPECT_GT(soft, 20);
}

TEST(BgRemove, ScalingTheResultMakesNoFringe) {
    const auto result = remove(draw_scene().picture);
    ASSERT_TRUE(result.ok());
    for (int y = 0; y < result->main.rows; ++y) {
        for (int x = 0; x < result->main.cols; ++x) {
            const cv::Vec4b pixel = result->main.at<cv::Vec4b>(y, x);
            if (pixel[3] != 0) continue;
            ASSERT_LT(cv::norm(cv::Vec3f(pixel[0], pixel[1], pixel[2]) - cv::Vec3f(60, 90, 150)), 45)
                << x << ',' << y;
        }
    }
}

TEST(BgRemove, OutsideTheRegionOfInterestEverythingIsClear) {
    Scene scene = draw_scene();
    cv::rectangle(scene.picture, {0, 0, 30, 30}, cv::Scalar(200, 30, 30), cv::FILLED);
    const auto result = remove(scene.picture, R"({"roi":[0.15,0.1,0.7,0.8]})");
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->main.size(), scene.picture.size());
    cv::Mat outside = result->mask.clone();
    outside(cv::Rect(36, 20, 168, 160)).setTo(0);
    EXPECT_EQ(cv::norm(outside, cv::NORM_INF), 0);
    EXPECT_GT(overlap_share(result->mask, scene.alpha), 0.95);
}

TEST(BgRemove, TheMaskIsTheAlphaOfTheResult) {
    const Scene scene = draw_scene({.shadow = true});
    for (const char* params :
         {"{}", R"({"shadow":{"mode":"soft"}})", R"({"crop":true,"margin":[0.1,0.1,0.1,0.1]})"}) {
        const auto result = remove(scene.picture, params);
        ASSERT_TRUE(result.ok());
        EXPECT_TRUE(same(result->mask, alpha_of(result->main))) << params;
    }
    const auto matte = remove(scene.picture, R"({"channels":"alpha"})");
    ASSERT_TRUE(matte.ok());
    EXPECT_TRUE(same(matte->main, matte->mask));
    EXPECT_EQ(matte->main.type(), CV_8UC1);
}

TEST(BgRemove, GivesTheSameBytesEveryTimeAtAnyThreadCount) {
    const Scene scene = draw_scene({.size = {600, 500}, .shadow = true});
    const char* params =
        R"({"shadow":{"mode":"soft"},"halo":{"mode":"strong","shrink_px":0.5,"feather_px":2}})";
    const int threads = cv::getNumThreads();
    cv::setNumThreads(1);
    const auto alone = remove(scene.picture, params);
    cv::theRNG().state = 99;  // what ran before on this thread must not matter
    cv::setNumThreads(2);
    const auto together = remove(scene.picture, params);
    cv::setNumThreads(threads);
    ASSERT_TRUE(alone.ok() && together.ok());
    EXPECT_TRUE(same(alone->main, together->main));
    EXPECT_EQ(boost::json::serialize(alone->measures), boost::json::serialize(together->measures));
}

TEST(BgRemove, CropCutsToTheSubjectAndAddsTheMargin) {
    const Scene scene = draw_scene();
    const auto tight = remove(scene.picture, R"({"crop":true})");
    const auto roomy = remove(scene.picture, R"({"crop":true,"margin":[0.5,0.25,0,0]})");
    ASSERT_TRUE(tight.ok() && roomy.ok());
    EXPECT_NEAR(tight->main.cols, 112, 6);
    EXPECT_NEAR(tight->main.rows, 112, 6);
    EXPECT_NEAR(roomy->main.rows, tight->main.rows * 1.49, 1);  // 0.49 is the most there is
    EXPECT_NEAR(roomy->main.cols, tight->main.cols * 1.25, 1);
    EXPECT_EQ(cv::norm(roomy->mask.row(0), cv::NORM_INF), 0);
}

TEST(BgRemove, ACroppedResultIsEnlargedByItsShadow) {
    const auto bare = remove(draw_scene().picture, R"({"crop":true})");
    const auto shaded =
        remove(draw_scene().picture,
               R"({"crop":true,"shadow":{"mode":"drop","offset":[0.5,0.0],"opacity":0.5,"blur":0.01}})");
    ASSERT_TRUE(bare.ok() && shaded.ok());
    EXPECT_NEAR(shaded->main.cols, bare->main.cols + 120, 12)
        << "half the long side further right, beyond the frame";
}

TEST(BgRemove, ABackgroundColourMakesTheResultOpaque) {
    const auto result = remove(draw_scene().picture, R"({"background":"#00FF80"})");
    ASSERT_TRUE(result.ok());
    ASSERT_EQ(result->main.type(), CV_8UC3);
    EXPECT_EQ(result->main.at<cv::Vec3b>(2, 2), cv::Vec3b(0, 255, 128));
}

TEST(BgRemove, HaloOptionsMoveAndSoftenTheOutline) {
    const Scene scene = draw_scene({.size = {480, 400}});
    const auto coverage = [&](const char* params) {
        const auto result = remove(scene.picture, params);
        return result ? result->measures.at("alpha_coverage").as_double() : -1;
    };
    const double plain = coverage("{}");
    EXPECT_LT(coverage(R"({"halo":{"mode":"auto","shrink_px":4}})"), plain - 0.002);
    EXPECT_GT(coverage(R"({"halo":{"mode":"auto","shrink_px":-4}})"), plain + 0.002);
    const auto soft = remove(scene.picture, R"({"halo":{"mode":"auto","feather_px":16}})");
    const auto hard = remove(scene.picture);
    ASSERT_TRUE(soft.ok() && hard.ok());
    EXPECT_GT(soft->measures.at("soft_alpha_fraction").as_double(),
              1.5 * hard->measures.at("soft_alpha_fraction").as_double());
}

TEST(BgRemove, WhatIsCutOutAlreadyIsReturnedUnchanged) {
    const Scene scene = draw_scene();
    cv::Mat rgba;
    cv::merge(std::vector<cv::Mat>{scene.picture, scene.alpha}, rgba);
    const auto kept = remove(rgba);
    ASSERT_TRUE(kept.ok());
    EXPECT_TRUE(kept->noop);
    EXPECT_TRUE(same(kept->main, rgba));
    EXPECT_TRUE(same(kept->mask, scene.alpha));
    const auto redone = remove(rgba, R"({"existing_alpha":"discard"})");
    ASSERT_TRUE(redone.ok());
    EXPECT_FALSE(redone->noop);
    cv::Mat opaque;
    cv::cvtColor(scene.picture, opaque, cv::COLOR_RGB2RGBA);
    const auto found = remove(opaque);
    ASSERT_TRUE(found.ok());
    EXPECT_FALSE(found->noop) << "an alpha channel without transparency is no cut-out";
}

TEST(BgRemove, SixteenBitPicturesAreTakenToo) {
    const Scene scene = draw_scene();
    cv::Mat deep;
    scene.picture.convertTo(deep, CV_16U, 257);
    const auto result = remove(deep);
    ASSERT_TRUE(result.ok());
    EXPECT_GT(overlap_share(result->mask, scene.alpha), 0.97);
}

TEST(BgRemove, NothingToFindIsAnErrorNotAnEmptyPicture) {
    const cv::Mat flat(100, 120, CV_8UC3, cv::Scalar(180, 180, 180));
    const auto result = remove(flat);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, "no_subject");
    EXPECT_FALSE(result.error().message.empty());
    const auto tiny_region = remove(draw_scene().picture, R"({"roi":[0.5,0.5,0.001,0.001]})");
    ASSERT_FALSE(tiny_region.ok());
    EXPECT_EQ(tiny_region.error().code, "no_subject");
}

TEST(BgRemove, DoubtWarnsOrFailsAsAsked) {
    const cv::Mat noise = [] {
        cv::Mat picture(150, 150, CV_8UC3);
        cv::RNG(5).fill(picture, cv::RNG::UNIFORM, 0, 256);
        return picture;
    }();
    const auto doubted = remove(draw_scene().picture, R"({"min_confidence":1,"on_low_confidence":"fail"})");
    ASSERT_FALSE(doubted.ok());
    EXPECT_EQ(doubted.error().code, "no_subject");
    const auto warned = remove(draw_scene().picture, R"({"min_confidence":1,"on_low_confidence":"warn"})");
    ASSERT_TRUE(warned.ok());
    ASSERT_EQ(warned->warnings.size(), 1U);
    EXPECT_EQ(warned->warnings[0].code, "low_contrast_subject");
    const auto chaos = remove(noise);
    if (chaos.ok()) {
        EXPECT_FALSE(chaos->warnings.empty()) << "pure noise passed for a clear subject";
    }
}

TEST(BgRemove, SurvivesEveryOddSize) {
    for (const cv::Size size : {cv::Size(16, 16), cv::Size(8, 300), cv::Size(300, 8), cv::Size(17, 31),
                                cv::Size(3000, 20), cv::Size(1, 1)}) {
        SCOPED_TRACE(size);
        cv::Mat picture(size, CV_8UC3, cv::Scalar(220, 220, 220));
        cv::rectangle(
            picture,
            {size.width / 3, size.height / 3, std::max(1, size.width / 3), std::max(1, size.height / 3)},
            cv::Scalar(30, 60, 160), cv::FILLED);
        for (const char* params :
             {"{}", R"({"crop":true,"shadow":{"mode":"soft"},"halo":{"mode":"strong","shrink_px":8}})",
              R"({"shadow":{"mode":"keep"},"semitransparency":false,"edges":"fine"})"}) {
            const auto result = remove(picture, params);
            if (result) {
                EXPECT_FALSE(result->main.empty());
            } else {
                EXPECT_EQ(result.error().code, "no_subject");
            }
        }
    }
}

}  // namespace
}  // namespace darkroom::imaging
