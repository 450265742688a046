// Masks as people make them: grey, coloured, transparent, turned, in other formats, for pictures that are
// reduced.
#include "request_parts.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "imaging/codec/decode.h"
#include "imaging/codec/testing/picture_samples.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using samples::encoded;
using samples::file_of;

const cv::Rect marked(12, 20, 30, 16);

cv::Mat box_mask(cv::Size size = {100, 80}, uchar inside = 255) {
    cv::Mat mask = cv::Mat::zeros(size, CV_8U);
    mask(marked).setTo(inside);
    return mask;
}

Picture picture_of(cv::Size size, cv::Size reduced = {}) {
    Picture picture;
    picture.full_size = size;
    picture.pixels = cv::Mat::zeros(reduced.empty() ? size : reduced, CV_8UC3);
    return picture;
}

Result<cv::Mat, core::JobError> decoded(const std::string& bytes, const Picture& picture) {
    samples::start_once();
    const UniqueFd file = file_of(bytes);
    return decode_mask(file.get(), picture, {});
}

void expect_box(const Result<cv::Mat, core::JobError>& mask, const char* what) {
    ASSERT_TRUE(mask) << what << ": " << mask.error().message;
    EXPECT_EQ(cv::norm(*mask, box_mask(), cv::NORM_INF), 0) << what;
}

TEST(MaskPart, GreyOf128AndMoreIsTheRegion) {
    samples::start_once();
    const Picture picture = picture_of({100, 80});
    expect_box(decoded(encoded(box_mask(), ".png"), picture), "white");
    expect_box(decoded(encoded(box_mask({100, 80}, 128), ".png"), picture), "128");
    const auto too_dark = decoded(encoded(box_mask({100, 80}, 127), ".png"), picture);
    ASSERT_TRUE(too_dark);
    EXPECT_EQ(cv::countNonZero(*too_dark), 0);
}

TEST(MaskPart, AnyFormatWillDoAndTransparencyDoesNotCount) {
    samples::start_once();
    const Picture picture = picture_of({100, 80});
    cv::Mat rgb, rgba, wide;
    cv::cvtColor(box_mask(), rgb, cv::COLOR_GRAY2RGB);
    expect_box(decoded(encoded(rgb, ".png"), picture), "RGB");
    expect_box(decoded(encoded(rgb, ".tif"), picture), "TIFF");
    expect_box(decoded(encoded(rgb, ".webp", vips::VImage::option()->set("lossless", true)), picture),
               "WebP");
    cv::cvtColor(rgb, rgba, cv::COLOR_RGB2RGBA);
    cv::insertChannel(cv::Mat::zeros(rgb.size(), CV_8U), rgba, 3);
    expect_box(decoded(encoded(rgba, ".png"), picture), "all transparent");
    box_mask().convertTo(wide, CV_16U, 257);
    expect_box(decoded(encoded(wide, ".png"), picture), "16 bits");
}

TEST(MaskPart, ItIsTurnedUprightAsThePictureIs) {
    samples::start_once();
    cv::Mat stored;
    cv::rotate(box_mask(), stored, cv::ROTATE_90_COUNTERCLOCKWISE);
    auto image = view_of(stored).copy();
    image.set(VIPS_META_ORIENTATION, 6);
    const auto mask =
        decoded(encoded(image, ".jpg", vips::VImage::option()->set("Q", 100)), picture_of({100, 80}));
    expect_box(mask, "turned");
}

TEST(MaskPart, AReducedPictureLosesNothingThatWasMarked) {
    samples::start_once();
    cv::Mat thin = cv::Mat::zeros(800, 1000, CV_8U);
    thin.col(503).setTo(255);
    const auto mask = decoded(encoded(thin, ".png"), picture_of({1000, 800}, {100, 80}));
    ASSERT_TRUE(mask);
    EXPECT_EQ(mask->size(), cv::Size(100, 80));
    EXPECT_EQ(cv::countNonZero(mask->col(50)), 80);
    EXPECT_EQ(cv::countNonZero(*mask), 80);
}

TEST(MaskPart, AnotherSizeIsToldWithBothSizes) {
    samples::start_once();
    const auto wrong = decoded(encoded(box_mask(), ".png"), picture_of({80, 100}));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::mask_size_mismatch);
    EXPECT_NE(wrong.error().message.find("100 x 80"), std::string::npos) << wrong.error().message;
    EXPECT_NE(wrong.error().message.find("80 x 100"), std::string::npos) << wrong.error().message;
}

TEST(ForeignResult, WhatIsWrongWithItIsItsMakersFault) {
    samples::start_once();
    const UniqueFd good = file_of(encoded(box_mask(), ".png")), bad = file_of("GIF89a?"), empty = file_of("");
    const auto result = decode_foreign_result(good.get(), {});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->channels(), 3);
    for (const int file : {bad.get(), empty.get()}) {
        const auto failed = decode_foreign_result(file, {});
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code, ErrorCode::output_invalid);
    }
}

}  // namespace
}  // namespace darkroom::imaging
