// Choosing one of several things, where it lies on its canvas, and that its pixels are the picture's own.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "imaging/ops/operation.h"
#include "imaging/ops/picture_parts.h"
#include "imaging/ops/test_scene.h"

namespace darkroom::imaging {
namespace {

using testing_scenes::draw_scene;
using testing_scenes::Scene;

OperationResult cut(const cv::Mat& picture, const std::string& params = "{}") {
    return cutout_subject(picture, boost::json::parse(params).as_object());
}

cv::Rect rect_of(const OperationOutput& output, const char* name) {
    const auto& list = output.measures.at(name).as_array();
    const auto side = [&](std::size_t i) { return static_cast<int>(list.at(i).as_int64()); };
    return {side(0), side(1), side(2), side(3)};
}

/// A large disc on the left, a small one in the middle, a middling one on the right.
cv::Mat three_things() {
    cv::Mat picture(300, 600, CV_8UC3, cv::Scalar(210, 212, 214));
    cv::circle(picture, {110, 150}, 90, {150, 40, 40}, cv::FILLED, cv::LINE_AA);
    cv::circle(picture, {310, 150}, 40, {40, 130, 50}, cv::FILLED, cv::LINE_AA);
    cv::circle(picture, {500, 150}, 60, {40, 60, 160}, cv::FILLED, cv::LINE_AA);
    cv::Mat noise(picture.size(), CV_8UC3);
    cv::RNG(7).fill(noise, cv::RNG::UNIFORM, 0, 5);
    return picture + noise;
}

TEST(CutoutSubject, ChoosesAmongSeveralThings) {
    const cv::Mat picture = three_things();
    const struct {
        const char* params;
        cv::Rect box;
    } table[] = {
        {"{}", {270, 110, 81, 81}},
        {R"({"select":"central"})", {270, 110, 81, 81}},
        {R"({"select":"largest"})", {20, 60, 181, 181}},
        {R"({"select":"all"})", {20, 60, 541, 181}},
        {R"({"select":{"mode":"point","point":[0.83,0.5]}})", {440, 90, 121, 121}},
        {R"({"select":{"mode":"box","box":[0.7,0.25,0.28,0.5]}})", {440, 90, 121, 121}},
    };
    for (const auto& row : table) {
        SCOPED_TRACE(row.params);
        const auto result = cut(picture, row.params);
        ASSERT_TRUE(result.ok()) << result.error().message;
        const cv::Rect box = rect_of(*result, "box");
        EXPECT_NEAR(box.x, row.box.x, 3);
        EXPECT_NEAR(box.y, row.box.y, 3);
        EXPECT_NEAR(box.width, row.box.width, 6);
        EXPECT_NEAR(box.height, row.box.height, 6);
        const int margin = cvRound(0.02 * std::max(box.width, box.height));
        EXPECT_EQ(result->main.size(), box.size() + cv::Size(2 * margin, 2 * margin));
        EXPECT_EQ(rect_of(*result, "placed"), cv::Rect({margin, margin}, box.size()));
    }
    EXPECT_EQ(cut(picture)->measures.at("subjects").as_int64(), 3);
}

TEST(CutoutSubject, APlaceWithoutASubjectIsAnError) {
    for (const char* params : {R"({"select":{"mode":"point","point":[0.43,0.05]}})",
                               R"({"select":{"mode":"point","point":[1,1]}})",
                               R"({"select":{"mode":"box","box":[0.0,0.0,0.001,0.001]}})"}) {
        const auto result = cut(three_things(), params);
        ASSERT_FALSE(result.ok()) << params;
        EXPECT_EQ(result.error().code, "no_subject");
        EXPECT_FALSE(result.error().message.empty());
    }
}

TEST(CutoutSubject, PastedBackItIsThePicture) {
    const Scene scene = draw_scene({.shadow = true});
    for (const char* params :
         {"{}", R"({"canvas":"square","align":"bottom"})", R"({"outline":{"width":0.02}})",
          R"({"shadow":{"mode":"drop","opacity":0.8}})", R"({"shadow":{"mode":"keep"}})"}) {
        SCOPED_TRACE(params);
        const auto result = cut(scene.picture, params);
        ASSERT_TRUE(result.ok());
        const cv::Point away = rect_of(*result, "box").tl() - rect_of(*result, "placed").tl();
        const cv::Rect inside({}, scene.picture.size());
        int solid = 0;
        for (int y = 0; y < result->main.rows; ++y) {
            for (int x = 0; x < result->main.cols; ++x) {
                const cv::Vec4b pixel = result->main.at<cv::Vec4b>(y, x);
                const cv::Point from = cv::Point(x, y) + away;
                if (pixel[3] != 255 || !inside.contains(from) || scene.alpha.at<uchar>(from) < 255) continue;
                ++solid;
                ASSERT_EQ(cv::Vec3b(pixel[0], pixel[1], pixel[2]), scene.picture.at<cv::Vec3b>(from));
            }
        }
        EXPECT_GT(solid, 5000);
    }
}

TEST(CutoutSubject, CanvasesHaveTheShapeAskedFor) {
    const cv::Mat picture = three_things();
    const auto square = cut(picture, R"({"select":"all","canvas":"square","margin":[0,0,0,0]})");
    ASSERT_TRUE(square.ok());
    EXPECT_EQ(square->main.cols, square->main.rows);
    EXPECT_NEAR(rect_of(*square, "placed").y, (541 - 181) / 2.0, 4);
    const auto standing =
        cut(picture, R"({"select":"all","canvas":"square","margin":[0,0,0,0],"align":"bottom"})");
    ASSERT_TRUE(standing.ok());
    EXPECT_EQ(rect_of(*standing, "placed").br().y, standing->main.rows);
    for (const auto& [canvas, size] :
         {std::pair{"[100,64]", cv::Size(100, 64)}, std::pair{"[64,900]", cv::Size(64, 900)},
          std::pair{"[1000,700]", cv::Size(1000, 700)}}) {
        const auto exact = cut(picture, std::string(R"({"canvas":)") + canvas + "}");
        ASSERT_TRUE(exact.ok());
        EXPECT_EQ(exact->main.size(), size);
        EXPECT_EQ(exact->mask.size(), size);
        const cv::Rect placed = rect_of(*exact, "placed");
        EXPECT_EQ(placed & cv::Rect({}, size), placed) << canvas;
        EXPECT_GT(cv::countNonZero(exact->mask(placed) > 127), 0.7 * placed.area()) << canvas;
        const double scale = exact->measures.at("scale").as_double();
        EXPECT_NEAR(placed.width, 81 * scale, 6 * scale + 1);
    }
}

TEST(CutoutSubject, AStickerHasAnEdgeOfItsColourAllAround) {
    const Scene scene = draw_scene();
    const auto result =
        cut(scene.picture, R"({"outline":{"width":0.05,"color":"#FF8000"},"margin":[0,0,0,0]})");
    ASSERT_TRUE(result.ok());
    const cv::Rect placed = rect_of(*result, "placed");
    EXPECT_NEAR(placed.x, 12, 3);
    EXPECT_NEAR(result->main.cols, placed.width + 24, 5);
    for (const cv::Point at : {cv::Point(placed.x - 6, placed.y + placed.height / 2),
                               cv::Point(placed.x + placed.width / 2, placed.br().y + 5)})
        EXPECT_EQ(result->main.at<cv::Vec4b>(at), cv::Vec4b(255, 128, 0, 255));
}

TEST(CutoutSubject, WhatIsCutOutAlreadyIsOnlyChosenAndCropped) {
    const Scene scene = draw_scene();
    cv::Mat rgba;
    cv::merge(std::vector<cv::Mat>{scene.picture, scene.alpha}, rgba);
    const auto result = cut(rgba, R"({"margin":[0,0,0,0]})");
    ASSERT_TRUE(result.ok());
    const cv::Rect box = rect_of(*result, "box");
    EXPECT_EQ(cv::norm(channel_of(result->main, 3), scene.alpha(box), cv::NORM_INF), 0);
    for (int y = 0; y < box.height; ++y) {
        for (int x = 0; x < box.width; ++x) {
            const cv::Vec4b pixel = result->main.at<cv::Vec4b>(y, x);
            if (pixel[3] != 0) {
                ASSERT_EQ(pixel, rgba.at<cv::Vec4b>(cv::Point(x, y) + box.tl()));
            }
        }
    }
}

TEST(CutoutSubject, BackgroundAndChannelsAreAsInBgRemove) {
    const Scene scene = draw_scene();
    const auto opaque = cut(scene.picture, R"({"background":"#00FF80","canvas":[300,200]})");
    ASSERT_TRUE(opaque.ok());
    ASSERT_EQ(opaque->main.type(), CV_8UC3);
    EXPECT_EQ(opaque->main.at<cv::Vec3b>(2, 2), cv::Vec3b(0, 255, 128));
    const auto matte = cut(scene.picture, R"({"channels":"alpha"})");
    ASSERT_TRUE(matte.ok());
    EXPECT_EQ(matte->main.type(), CV_8UC1);
    EXPECT_EQ(cv::norm(matte->main, matte->mask, cv::NORM_INF), 0);
}

TEST(CutoutSubject, GivesTheSameBytesEveryTimeAtAnyThreadCount) {
    const Scene scene = draw_scene({.size = {600, 500}, .shadow = true});
    const char* params = R"({"shadow":{"mode":"soft"},"outline":{"width":0.01},"canvas":[900,900]})";
    const int threads = cv::getNumThreads();
    cv::setNumThreads(1);
    const auto alone = cut(scene.picture, params);
    cv::setNumThreads(2);
    const auto together = cut(scene.picture, params);
    cv::setNumThreads(threads);
    ASSERT_TRUE(alone.ok() && together.ok());
    EXPECT_EQ(cv::norm(alone->main, together->main, cv::NORM_INF), 0);
    EXPECT_EQ(boost::json::serialize(alone->measures), boost::json::serialize(together->measures));
}

TEST(CutoutSubject, SurvivesEveryOddSizeAndAnythingInIt) {
    for (const cv::Size size : {cv::Size(16, 16), cv::Size(8, 300), cv::Size(300, 8), cv::Size(17, 31),
                                cv::Size(3000, 20), cv::Size(1, 1)}) {
        SCOPED_TRACE(size);
        cv::Mat picture(size, CV_8UC3, cv::Scalar(220, 220, 220));
        cv::rectangle(
            picture,
            {size.width / 3, size.height / 3, std::max(1, size.width / 3), std::max(1, size.height / 3)},
            cv::Scalar(30, 60, 160), cv::FILLED);
        for (
            const char* params :
            {"{}", R"({"canvas":[64,8192],"outline":{"width":0.05},"shadow":{"mode":"soft"}})",
             R"({"select":{"mode":"box","box":[0,0,1,1]},"shadow":{"mode":"keep"},"margin":[0.49,0,0.49,0]})",
             R"({"select":{"mode":"point","point":[0.5,0.5]},"canvas":"square"})"}) {
            const auto result = cut(picture, params);
            if (result) {
                EXPECT_FALSE(result->main.empty());
            } else {
                EXPECT_EQ(result.error().code, "no_subject");
            }
        }
    }
    cv::Mat nothing(40, 40, CV_8UC4, cv::Scalar(1, 2, 3, 0));
    EXPECT_EQ(cut(nothing).error().code, "no_subject");
}

}  // namespace
}  // namespace darkroom::imaging
