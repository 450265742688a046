// What shops ask for, before encoding; what the file keeps of it is seen in apps/darkroom-imaging.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "imaging/ops/operation.h"
#include "imaging/ops/picture_parts.h"
#include "imaging/ops/test_scene.h"
#include "imaging/ops/written_file.h"

namespace darkroom::imaging {
namespace {

using testing_scenes::draw_scene;
using testing_scenes::Scene;

boost::json::object object_of(const std::string& text) { return boost::json::parse(text).as_object(); }

OperationResult shop(const cv::Mat& picture, const std::string& params = "{}") {
    return white_bg_ecomm(picture, object_of(params));
}

cv::Rect solid_box(const OperationOutput& output) { return cv::boundingRect(output.mask > 127); }

Inspection inspect(const OperationOutput& output, const std::string& params = "{}",
                   std::string_view type = "image/png") {
    return inspect_white_bg_ecomm({output.main, type, 100'000}, output, object_of(params));
}

bool passes(const Inspection& inspection, std::string_view check) {
    for (const auto& row : inspection.measures.at("report").as_array()) {
        if (row.at("check").as_string() == boost::json::string_view(check.data(), check.size()))
            return row.at("pass").as_bool();
    }
    ADD_FAILURE() << "no check " << check;
    return false;
}

TEST(WhiteBgEcomm, StandsInTheMiddleOfPureWhiteAtTheSizeAskedFor) {
    const Scene scene = draw_scene({.size = {960, 800}, .shadow = true});
    const auto result = shop(scene.picture);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result->main.size(), cv::Size(2000, 2000));
    EXPECT_EQ(result->main.type(), CV_8UC3);
    const cv::Rect box = solid_box(*result);
    EXPECT_NEAR(std::max(box.width, box.height), 1800, 25);
    EXPECT_NEAR(box.x + box.width / 2.0, 1000, 12);
    EXPECT_NEAR(box.y + box.height / 2.0, 1000, 12);
    for (int y = 0; y < 2000; y += 7) {
        for (int x = 0; x < 2000; x += 3) {
            if (result->mask.at<uchar>(y, x) == 0) {
                ASSERT_EQ(result->main.at<cv::Vec3b>(y, x), cv::Vec3b(255, 255, 255));
            }
        }
    }
    const Inspection inspection = inspect(*result);
    EXPECT_FALSE(inspection.error);
    EXPECT_FALSE(inspection.encode_better);
    EXPECT_EQ(inspection.measures.at("white_border_fraction").as_double(), 1);
}

TEST(WhiteBgEcomm, EveryPresetIsKeptByItsOwnDefaults) {
    const Scene scene = draw_scene({.size = {700, 500}, .shadow = true});
    for (const auto& [params, side] :
         {std::pair{R"({"preset":"amazon_main"})", 2000},
          std::pair{R"({"preset":"ebay","size":[1600,1600],"fill":0.85})", 1600},
          std::pair{R"({"preset":"google_shopping","size":[1500,1500],"fill":0.82})", 1500},
          std::pair{R"({"preset":"google_shopping","size":[1500,1500],"fill":0.82,"shadow":{"mode":"soft"}})",
                    1500},
          std::pair{R"({"preset":"custom","size":[640,640],"fill":0.5,"background":"#102030"})", 640}}) {
        SCOPED_TRACE(params);
        const auto result = shop(scene.picture, params);
        ASSERT_TRUE(result.ok());
        EXPECT_EQ(result->main.size(), cv::Size(side, side));
        const Inspection inspection = inspect(*result, params);
        EXPECT_FALSE(inspection.error) << inspection.error->message;
    }
}

TEST(WhiteBgEcomm, BottomStandsLowerWithAirBelow) {
    const auto result =
        shop(draw_scene({.size = {960, 800}}).picture, R"({"size":[1000,2000],"align":"bottom"})");
    ASSERT_TRUE(result.ok());
    const cv::Rect box = solid_box(*result);
    EXPECT_NEAR(box.br().y, 1900, 10);
    EXPECT_NEAR(box.width, 900, 15);
}

TEST(WhiteBgEcomm, WithoutEnlargingTheCanvasShrinks) {
    const Scene scene = draw_scene();
    const auto small = shop(scene.picture, R"({"allow_upscale":false})");
    ASSERT_TRUE(small.ok());
    EXPECT_NEAR(small->main.cols, 112 / 0.9, 8);
    ASSERT_EQ(small->warnings.size(), 1U);
    EXPECT_EQ(small->warnings[0].code, "below_recommended_size");
    const Inspection inspection = inspect(*small);
    ASSERT_TRUE(inspection.error);
    EXPECT_EQ(inspection.error->code, "compliance_failed");
    EXPECT_FALSE(passes(inspection, "min_size"));
    const Inspection lenient = inspect(*small, R"({"strict":false})");
    EXPECT_FALSE(lenient.error);
    ASSERT_EQ(lenient.warnings.size(), 1U);
    EXPECT_EQ(lenient.warnings[0].code, "not_compliant");
}

TEST(WhiteBgEcomm, ASubjectCutOffByThePhotoIsRefusedOrWarnedOf) {
    Scene scene = draw_scene({.size = {480, 400}});
    // More of it on the photo's edge, and the subject's colour would count as one of the background's.
    const cv::Mat cropped = scene.picture(cv::Rect(0, 0, 480, 305)).clone();
    const auto refused = shop(cropped);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, "compliance_failed");
    for (const char* params : {R"({"strict":false})", R"({"preset":"custom"})"}) {
        const auto warned = shop(cropped, params);
        ASSERT_TRUE(warned.ok());
        EXPECT_EQ(warned->measures.at("subject_cropped").as_string(), "yes");
        EXPECT_EQ(std::count_if(warned->warnings.begin(), warned->warnings.end(),
                                [](const Warning& warning) { return warning.code == "subject_cropped"; }),
                  1);
    }
}

TEST(WhiteBgEcomm, TheInspectionSeesWhatIsWrongWithAFile) {
    const auto good = shop(draw_scene().picture, R"({"size":[1000,1000]})");
    ASSERT_TRUE(good.ok());
    OperationOutput spoilt = *good;
    spoilt.main = good->main.clone();
    spoilt.main.at<cv::Vec3b>(3, 3) = {255, 255, 254};
    EXPECT_FALSE(passes(inspect(spoilt), "background_exact"));
    EXPECT_TRUE(inspect(spoilt).encode_better);
    cv::rectangle(spoilt.main, {0, 0, 1000, 1000}, cv::Scalar(0, 0, 0), 2);
    EXPECT_FALSE(passes(inspect(spoilt), "border_present"));
    EXPECT_FALSE(passes(inspect(*good, "{}", "image/webp"), "format"));
    EXPECT_TRUE(passes(inspect(*good, R"({"preset":"ebay"})", "image/webp"), "format"));
    EXPECT_FALSE(passes(inspect(*good, R"({"background":"#FEFEFE","strict":false})"), "background_white"));
    const Inspection heavy = inspect_white_bg_ecomm({good->main, "image/png", 12'000'001}, *good,
                                                    object_of(R"({"preset":"ebay"})"));
    EXPECT_FALSE(passes(heavy, "file_size"));
    OperationOutput thin = *good;
    thin.measures["frame_fill"] = 0.8;
    EXPECT_FALSE(passes(inspect(thin), "fill"));
}

TEST(WhiteBgEcomm, APictureCutOutBeforeKeepsItsAlphaAndColours) {
    const Scene scene = draw_scene({.size = {480, 400}});
    cv::Mat rgba;
    cv::merge(std::vector<cv::Mat>{scene.picture, scene.alpha}, rgba);
    const cv::Rect tight = cv::boundingRect(scene.alpha > visible_alpha_max);
    const auto result = shop(rgba(tight).clone(), R"({"preset":"custom","size":[500,500],"fill":1})");
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result->measures.at("subject_cropped").as_string(), "unknown");
    EXPECT_EQ(result->measures.at("confidence").as_double(), 1);
    EXPECT_NEAR(cv::norm(cv::Vec3d(result->main.at<cv::Vec3b>(250, 250)) - cv::Vec3d(60, 90, 150)), 0, 20);
}

TEST(WhiteBgEcomm, ToneGoesByTheGroundAndOnlyByALightNeutralOne) {
    const auto colour = [](const Scene& scene, const char* params) {
        const auto result = shop(scene.picture, params);
        return result ? cv::mean(result->main(cv::Rect(900, 900, 200, 200))) : cv::Scalar();
    };
    const Scene dull = draw_scene({.size = {480, 400}, .ground = {180, 186, 196}});
    const cv::Scalar before = colour(dull, "{}");
    const cv::Scalar after = colour(dull, R"({"tone":"auto"})");
    EXPECT_GT(after[0], before[0] * 1.15);
    EXPECT_GT(after[0] / after[2], before[0] / before[2] * 1.03) << "the blue cast stayed";
    const auto coloured =
        shop(draw_scene({.size = {480, 400}, .ground = {90, 160, 220}, .thing = {150, 40, 40}}).picture,
             R"({"tone":"auto"})");
    ASSERT_TRUE(coloured.ok());
    EXPECT_EQ(coloured->warnings.back().code, "tone_skipped");
}

TEST(WhiteBgEcomm, PreviewsAreSmallAndMeasuredAsTheWhole) {
    const auto result = shop(draw_scene({.size = {480, 400}}).picture, R"({"preview":true})");
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->main.size(), cv::Size(625, 625));
    EXPECT_FALSE(inspect(*result, R"({"preview":true})").error);
}

TEST(WhiteBgEcomm, GivesTheSameBytesEveryTimeAtAnyThreadCount) {
    const Scene scene = draw_scene({.size = {600, 500}, .shadow = true});
    const char* params = R"({"shadow":{"mode":"contact"},"tone":"auto","size":[900,900]})";
    const int threads = cv::getNumThreads();
    cv::setNumThreads(1);
    const auto alone = shop(scene.picture, params);
    cv::setNumThreads(2);
    const auto together = shop(scene.picture, params);
    cv::setNumThreads(threads);
    ASSERT_TRUE(alone.ok() && together.ok());
    EXPECT_EQ(cv::norm(alone->main, together->main, cv::NORM_INF), 0);
    EXPECT_EQ(boost::json::serialize(alone->measures), boost::json::serialize(together->measures));
}

TEST(WhiteBgEcomm, NothingToSellIsAnError) {
    EXPECT_EQ(shop(cv::Mat(100, 120, CV_8UC3, cv::Scalar(180, 180, 180))).error().code, "no_subject");
    EXPECT_EQ(shop(cv::Mat(3, 3, CV_8UC3, cv::Scalar(180, 180, 180))).error().code, "no_subject");
}

}  // namespace
}  // namespace darkroom::imaging
