// The drawn pictures repeat by seed, and their truth fits what is seen.
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "tools/shots/logo.h"
#include "tools/shots/old_photo.h"
#include "tools/shots/product_shot.h"
#include "tools/shots/test_chart.h"
#include "tools/shots/texture.h"

namespace darkroom::shots {
namespace {

TEST(ProductShots, AreTheSameForTheSameSeedAndDifferentForAnother) {
    ShotPlan plan = matte_plan(9, 100, 200);
    const ProductShot first = draw_product_shot(plan);
    const ProductShot again = draw_product_shot(plan);
    EXPECT_EQ(cv::norm(first.picture, again.picture, cv::NORM_INF), 0);
    EXPECT_EQ(cv::norm(first.alpha, again.alpha, cv::NORM_INF), 0);
    plan.seed += 1;
    EXPECT_GT(cv::norm(first.picture, draw_product_shot(plan).picture, cv::NORM_INF), 0);
}

TEST(ProductShots, HoldAWholeObjectOfEveryShapeOnEveryBackdrop) {
    for (int index = 0; index < matte_set_size; index += 7) {
        SCOPED_TRACE(index);
        const ProductShot shot = draw_product_shot(matte_plan(index, 0, 160));
        ASSERT_EQ(shot.picture.size(), shot.alpha.size());
        const double covered = cv::mean(shot.alpha)[0];
        EXPECT_GT(covered, 0.015);
        EXPECT_LT(covered, 0.6);
        cv::Mat rim = shot.alpha.clone();
        rim(cv::Rect(2, 2, rim.cols - 4, rim.rows - 4)).setTo(0);
        EXPECT_LT(cv::norm(rim, cv::NORM_INF), 0.5) << "the object touches the frame";
    }
}

TEST(ProductShots, TruthPutOverTheBackdropIsThePictureUpToNoise) {
    const ProductShot shot = draw_product_shot(matte_plan(0, 0, 256));
    cv::Mat inside = shot.alpha > 0.999F;
    cv::Mat truth;
    shot.foreground.convertTo(truth, CV_8U);
    cv::Mat difference;
    cv::absdiff(truth, shot.picture, difference);
    EXPECT_LT(cv::mean(difference, inside)[0], 5);
}

TEST(OldPhotos, AreFadedAndDamagedAtTheSizeAskedFor) {
    const OldPhoto photo = draw_old_photo(3, 320);
    EXPECT_EQ(photo.picture.size(), cv::Size(320, 240));
    EXPECT_EQ(photo.clean.size(), photo.picture.size());
    EXPECT_GT(cv::countNonZero(photo.defects), 100);
    cv::Scalar mean;
    cv::Scalar clean_spread;
    cv::Scalar aged_spread;
    cv::meanStdDev(photo.clean, mean, clean_spread);
    cv::meanStdDev(photo.picture, mean, aged_spread);
    EXPECT_LT(aged_spread[0], clean_spread[0]);
    EXPECT_GT(mean[0], mean[2] + 10) << "no yellow cast";
}

TEST(Logos, LieOnOneFlatColour) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        SCOPED_TRACE(seed);
        const Logo logo = draw_logo(seed, 320);
        const cv::Vec3b corner = logo.picture.at<cv::Vec3b>(2, 2);
        for (int c = 0; c < 3; ++c) EXPECT_NEAR(corner[c], logo.ground[c], 3);
        cv::Mat alpha;
        cv::extractChannel(logo.drawn, alpha, 3);
        EXPECT_GT(cv::mean(alpha)[0], 10);
        EXPECT_EQ(alpha.at<uchar>(0, 0), 0);
    }
}

TEST(Textures, RepeatBySeedAndFillThePicture) {
    for (int i = 0; i < texture_count; ++i) {
        const auto texture = static_cast<Texture>(i);
        SCOPED_TRACE(name_of(texture));
        const cv::Mat first = draw_texture(texture, {240, 180}, 7);
        ASSERT_EQ(first.size(), cv::Size(240, 180));
        EXPECT_EQ(cv::norm(first, draw_texture(texture, {240, 180}, 7), cv::NORM_INF), 0);
        EXPECT_GT(cv::norm(first, draw_texture(texture, {240, 180}, 8), cv::NORM_INF), 0);
    }
}

TEST(Holes, HaveTheShareTheyWereAskedFor) {
    for (int i = 0; i < hole_count; ++i) {
        for (const double share : {0.005, 0.03, 0.10}) {
            const auto hole = static_cast<Hole>(i);
            SCOPED_TRACE(std::string(name_of(hole)) + " " + std::to_string(share));
            const cv::Mat mask = draw_hole(hole, share, {768, 576}, 3);
            EXPECT_NEAR(cv::countNonZero(mask) / static_cast<double>(mask.total()), share, share / 4);
        }
    }
}

TEST(TestChart, RepeatsBySeedAndHoldsFineDetail) {
    const cv::Mat chart = draw_test_chart(1, 512);
    EXPECT_EQ(cv::norm(chart, draw_test_chart(1, 512), cv::NORM_INF), 0);
    EXPECT_GT(cv::norm(chart, draw_test_chart(2, 512), cv::NORM_INF), 0);
    cv::Mat blurred;
    cv::GaussianBlur(chart, blurred, {}, 2);
    EXPECT_GT(cv::norm(chart, blurred, cv::NORM_L1) / static_cast<double>(chart.total() * 3), 8);
}

TEST(Logos, GlowSoftlyWhenTold) {
    const auto soft = [](const Logo& logo) {
        cv::Mat alpha;
        cv::extractChannel(logo.drawn, alpha, 3);
        return cv::countNonZero((alpha > 5) & (alpha < 200));
    };
    const Logo plain = draw_logo(4, 400), glowing = draw_logo(4, 400, {.glow = true, .jpeg_quality = 90});
    EXPECT_GT(soft(glowing), 3 * soft(plain));
}

}  // namespace
}  // namespace darkroom::shots
