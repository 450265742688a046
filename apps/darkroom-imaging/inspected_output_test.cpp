// White that is still white in the file, whatever the format; and files that may not be delivered.
#include "inspected_output.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "imaging/codec/decode.h"
#include "imaging/codec/testing/picture_samples.h"
#include "picture_job.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using samples::encoded;
using samples::file_of;

struct Outcome {
    PictureAnswer answer;
    std::string main, mask, thumbnail;
};

Outcome shop(const std::string& input, boost::json::object params) {
    samples::start_once();
    const UniqueFd files[] = {file_of(input), file_of(""), file_of(""), file_of("")};
    const PictureRequest request{"white_bg_ecomm", std::move(params), {}};
    Outcome outcome{
        run_picture_job(request, {files[0].get(), files[1].get(), files[2].get(), files[3].get()}), "", "",
        ""};
    outcome.main = samples::content_of(files[main_file].get());
    outcome.mask = samples::content_of(files[mask_file].get());
    outcome.thumbnail = samples::content_of(files[thumbnail_file].get());
    return outcome;
}

cv::Mat decoded(const std::string& bytes) {
    const UniqueFd file = file_of(bytes);
    auto picture = decode_picture(file.get(), {});
    EXPECT_TRUE(picture);
    return picture ? picture->pixels : cv::Mat();
}

/// A red product with hard edges, which ring in JPEG, on a grey ground.
cv::Mat product() {
    cv::Mat picture(480, 640, CV_8UC3, cv::Scalar(214, 216, 220));
    cv::rectangle(picture, {200, 90, 240, 300}, {190, 20, 30}, cv::FILLED);
    cv::putText(picture, "DARK", {215, 250}, cv::FONT_HERSHEY_SIMPLEX, 2.4, {250, 250, 250}, 5, cv::LINE_AA);
    return picture;
}

/// Pixels of the file that are further than `distance` from the product and not exactly the colour.
int astray(const Outcome& outcome, int distance, cv::Scalar colour) {
    const cv::Mat mask = decoded(outcome.mask);
    cv::Mat alpha, away, same;
    cv::extractChannel(mask, alpha, 0);
    cv::distanceTransform(alpha == 0, away, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    cv::inRange(decoded(outcome.main), colour, colour, same);
    return cv::countNonZero((away > distance) & ~same);
}

bool warned_of(const Outcome& outcome, std::string_view code) {
    for (const auto& warning : outcome.answer->warnings) {
        if (warning.at("code").as_string() == boost::json::string_view(code.data(), code.size())) return true;
    }
    return false;
}

TEST(InspectedOutput, WhiteIsExactInEveryFormatAfterReadingTheFileAgain) {
    const auto tagged = vips::VImage::option()->set("profile", "srgb");
    const std::string inputs[] = {encoded(product(), ".jpg"), encoded(product(), ".png", tagged)};
    for (const auto& input : inputs) {
        for (const char* format : {"jpeg", "png", "webp"}) {
            for (const int quality : {40, 92}) {
                SCOPED_TRACE(std::string(format) + " " + std::to_string(quality));
                const auto outcome = shop(
                    input,
                    {{"preset", "ebay"}, {"size", 900}, {"output_format", format}, {"quality", quality}});
                ASSERT_TRUE(outcome.answer) << outcome.answer.error().message;
                EXPECT_EQ(outcome.answer->outputs.size(), 3u);
                EXPECT_EQ(outcome.answer->outputs[0].content_type, std::string("image/") + format);
                EXPECT_EQ(astray(outcome, 12, cv::Scalar::all(255)), 0);
                EXPECT_TRUE(outcome.answer->measures.at("report").is_array());
                EXPECT_EQ(outcome.answer->measures.at("white_border_fraction").to_number<double>(), 1);
            }
        }
    }
}

TEST(InspectedOutput, WhatAJpegCannotKeepBecomesAPng) {
    const auto outcome = shop(encoded(product(), ".jpg"), {{"size", 1'000}, {"white_distance_px", 0}});
    ASSERT_TRUE(outcome.answer) << outcome.answer.error().message;
    EXPECT_EQ(outcome.answer->outputs[0].content_type, "image/png");
    EXPECT_TRUE(warned_of(outcome, "output_format_changed"));
    EXPECT_EQ(astray(outcome, 0, cv::Scalar::all(255)), 0);
    const auto webp =
        shop(encoded(product(), ".jpg"),
             {{"preset", "ebay"}, {"size", 700}, {"white_distance_px", 0}, {"output_format", "webp"}});
    ASSERT_TRUE(webp.answer) << webp.answer.error().message;
    EXPECT_EQ(webp.answer->outputs[0].content_type, "image/webp");
    EXPECT_FALSE(warned_of(webp, "output_format_changed"));
    EXPECT_EQ(astray(webp, 0, cv::Scalar::all(255)), 0);
}

TEST(InspectedOutput, AnyColourIsExactToo) {
    const auto outcome =
        shop(encoded(product(), ".jpg"), {{"preset", "custom"}, {"size", 500}, {"background", "#7B2D91"}});
    ASSERT_TRUE(outcome.answer) << outcome.answer.error().message;
    EXPECT_EQ(astray(outcome, 12, cv::Scalar(0x7B, 0x2D, 0x91)), 0);
}

TEST(InspectedOutput, WhatBreaksARuleIsNotWrittenUnlessThatIsAskedFor) {
    const std::string input = encoded(product(), ".png");
    const boost::json::object small{{"size", 400}};
    const auto refused = shop(input, small);
    ASSERT_FALSE(refused.answer);
    EXPECT_EQ(refused.answer.error().code, ErrorCode::compliance_failed);
    EXPECT_NE(refused.answer.error().message.find("min_size"), std::string::npos);
    EXPECT_TRUE(refused.main.empty() && refused.mask.empty() && refused.thumbnail.empty());
    boost::json::object lenient = small;
    lenient["strict"] = false;
    const auto warned = shop(input, lenient);
    ASSERT_TRUE(warned.answer);
    EXPECT_TRUE(warned_of(warned, "not_compliant"));
    EXPECT_EQ(warned.answer->outputs[0].width, 400u);
}

TEST(InspectedOutput, TheSameBytesEveryTime) {
    const std::string input = encoded(product(), ".jpg");
    const auto one = shop(input, {{"size", 600}, {"shadow", {{"mode", "soft"}}}});
    const auto two = shop(input, {{"size", 600}, {"shadow", {{"mode", "soft"}}}});
    ASSERT_TRUE(one.answer && two.answer);
    EXPECT_EQ(one.main, two.main);
    EXPECT_EQ(one.mask, two.mask);
}

}  // namespace
}  // namespace darkroom::imaging
