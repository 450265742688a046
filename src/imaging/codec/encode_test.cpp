// What is written comes back as it went, carries what it should and nothing else.
#include "imaging/codec/encode.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "imaging/codec/decode.h"
#include "imaging/codec/metadata.h"
#include "imaging/codec/testing/picture_samples.h"
#include "imaging/codec/thumbnail.h"

namespace darkroom::imaging {
namespace {

using samples::drawing;
using samples::psnr;
using vips::VImage;

constexpr OutputFormat formats[] = {OutputFormat::png, OutputFormat::webp, OutputFormat::jpeg,
                                    OutputFormat::tiff};

class EncodeTest : public ::testing::Test {
protected:
    void SetUp() override { samples::start_once(); }
    static std::string encode(const cv::Mat& pixels, const EncodeOptions& options) {
        const UniqueFd file = samples::file_of("what stood here before is gone");
        const auto written = encode_picture(pixels, options, file.get());
        EXPECT_TRUE(written) << written.error().message;
        return samples::content_of(file.get());
    }
    static cv::Mat decode(const std::string& bytes, bool keep_16_bit = false) {
        const UniqueFd file = samples::file_of(bytes);
        DecodeOptions options;
        options.keep_16_bit = keep_16_bit;
        auto picture = decode_picture(file.get(), options);
        EXPECT_TRUE(picture);
        return picture ? picture->pixels : cv::Mat();
    }
    static cv::Mat cutout() {
        cv::Mat rgba;
        cv::cvtColor(drawing(96, 64), rgba, cv::COLOR_RGB2RGBA);
        rgba(cv::Rect(40, 0, 56, 64)).setTo(cv::Scalar(200, 30, 40, 0));  // colour bled under alpha 0
        return rgba;
    }
};

TEST_F(EncodeTest, EachFormatComesBackAsItWent) {
    for (const OutputFormat format : formats) {
        EncodeOptions options;
        options.format = format;
        EXPECT_GT(psnr(decode(encode(drawing(96, 64), options)), drawing(96, 64)), 33)
            << content_type(format);
    }
    EncodeOptions lossless;
    lossless.format = OutputFormat::webp;
    lossless.quality = 100;
    EXPECT_EQ(cv::norm(decode(encode(drawing(96, 64), lossless)), drawing(96, 64), cv::NORM_INF), 0);
    cv::Mat wide;
    drawing(64, 64).convertTo(wide, CV_16U, 257);
    wide += cv::Scalar(1, 2, 3);
    EXPECT_EQ(cv::norm(decode(encode(wide, {}), true), wide, cv::NORM_INF), 0);
}

TEST_F(EncodeTest, ColourUnderTransparencyIsWrittenToPng) {
    EXPECT_EQ(cv::norm(decode(encode(cutout(), {})), cutout(), cv::NORM_INF), 0);
}

TEST_F(EncodeTest, JpegShowsWhatIsTransparentOnWhite) {
    EncodeOptions options;
    options.format = OutputFormat::jpeg;
    const cv::Mat shown = decode(encode(cutout(), options));
    ASSERT_EQ(shown.channels(), 3);
    EXPECT_GT(shown.at<cv::Vec3b>(32, 80)[1], 250);
    EXPECT_LT(shown.at<cv::Vec3b>(4, 4)[1], 60);
}

TEST_F(EncodeTest, JpegOfHighQualityKeepsFullChroma) {
    cv::Mat lines(64, 64, CV_8UC3, cv::Scalar(255, 255, 255));
    for (int x = 1; x < 64; x += 2) lines.col(x).setTo(cv::Scalar(230, 20, 20));
    EncodeOptions options;
    options.format = OutputFormat::jpeg;
    EXPECT_GT(psnr(decode(encode(lines, options)), lines), 28);
    options.quality = 89;
    EXPECT_LT(psnr(decode(encode(lines, options)), lines), 25);
}

TEST_F(EncodeTest, SameBytesTwiceAndAtAnyThreadCount) {
    const cv::Mat picture = drawing(700, 500);
    for (const OutputFormat format : formats) {
        EncodeOptions options;
        options.format = format;
        vips_concurrency_set(1);
        const std::string alone = encode(picture, options);
        vips_concurrency_set(4);
        EXPECT_EQ(encode(picture, options), alone) << content_type(format);
        vips_concurrency_set(2);
    }
}

TEST_F(EncodeTest, PlaceAndSerialNumberGoUnlessAskedToStay) {
    const cv::Mat pixels = drawing(80, 60);
    VImage photo = view_of(pixels).copy();
    photo.set("exif-ifd3-GPSLatitude", "48/1 51/1 29/1 (48, 51, 29, Rational, 3 components, 24 bytes)");
    photo.set("exif-ifd2-BodySerialNumber", "SECRET-0815 (SECRET-0815, ASCII, 12 components, 12 bytes)");
    vips_image_set_int(photo.get_image(), VIPS_META_ORIENTATION, 6);
    const std::string taken = samples::encoded(photo, ".jpg");
    ASSERT_NE(taken.find("SECRET-0815"), std::string::npos);

    const UniqueFd file = samples::file_of(taken);
    DecodeOptions keep;
    keep.keep_metadata = true;
    const auto picture = decode_picture(file.get(), keep);
    ASSERT_TRUE(picture);
    EncodeOptions options;
    options.format = OutputFormat::jpeg;
    EXPECT_EQ(encode(picture->pixels, options).find("SECRET-0815"), std::string::npos);
    EXPECT_EQ(encode(picture->pixels, options).find("Exif"), std::string::npos);
    EncodeOptions webp;
    webp.format = OutputFormat::webp;
    EXPECT_EQ(encode(picture->pixels, webp).find("EXIF"), std::string::npos);  // nor one of libvips' own
    options.metadata = picture->metadata;
    const std::string kept = encode(picture->pixels, options);
    EXPECT_NE(kept.find("SECRET-0815"), std::string::npos);
    EXPECT_EQ(decode(kept).size(), cv::Size(60, 80));  // and is not turned a second time
}

TEST_F(EncodeTest, AProfileIsWrittenWhereAskedAndOnlyThere) {
    for (const OutputFormat format : formats) {
        EncodeOptions options;
        options.format = format;
        const auto tagged = [&] {
            const UniqueFd file = samples::file_of(encode(drawing(64, 64), options));
            return decode_picture(file.get(), {})->tagged;
        };
        EXPECT_FALSE(tagged()) << content_type(format);
        options.tag_as_srgb = true;
        EXPECT_TRUE(tagged()) << content_type(format);
    }
}

TEST_F(EncodeTest, PaletteAndCompressionOfPngAreObeyed) {
    EncodeOptions palette;
    palette.png_palette = true;
    const std::string indexed = encode(drawing(200, 200), palette);
    EXPECT_EQ(indexed[25], 3);  // IHDR's colour type: palette
    EXPECT_GT(psnr(decode(indexed), drawing(200, 200)), 25);
    EncodeOptions none;
    none.png_compression = 0;
    EXPECT_GT(encode(drawing(200, 200), none).size(), 200u * 200 * 3);
}

TEST_F(EncodeTest, WhatCannotBeWrittenIsAnErrorNotAThrow) {
    const UniqueFd read_only(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(encode_picture(drawing(64, 64), {}, read_only.get()));
    const UniqueFd full(::open("/dev/full", O_RDWR | O_CLOEXEC));
    EXPECT_FALSE(encode_picture(drawing(64, 64), {}, full.get()));
}

TEST_F(EncodeTest, ThumbnailsAreSmallOpaqueAndShowTransparencyAsACheckerboard) {
    const cv::Mat photo = draw_thumbnail(drawing(2'000, 1'000));
    EXPECT_EQ(photo.size(), cv::Size(512, 256));
    EXPECT_EQ(photo.type(), CV_8UC3);
    EXPECT_EQ(draw_thumbnail(drawing(100, 50)).size(), cv::Size(100, 50));
    const cv::Mat cut = draw_thumbnail(cutout());
    EXPECT_EQ(cut.type(), CV_8UC3);
    EXPECT_EQ(cut.at<cv::Vec3b>(40, 70), cv::Vec3b(255, 255, 255));
    EXPECT_EQ(cut.at<cv::Vec3b>(40, 85), cv::Vec3b(232, 232, 232));
    EXPECT_LT(cut.at<cv::Vec3b>(4, 4)[1], 60);
    EXPECT_EQ(draw_thumbnail(cv::Mat(1'000, 900, CV_16UC1, cv::Scalar(30'000))).type(), CV_8UC3);
}

TEST_F(EncodeTest, ReducingKeepsHiddenColourOut) {
    cv::Mat rgba(400, 400, CV_8UC4, cv::Scalar(255, 255, 255, 0));
    rgba(cv::Rect(0, 0, 200, 400)).setTo(cv::Scalar(20, 20, 20, 255));
    const cv::Mat small = reduce_lanczos(rgba, {133, 133});
    for (int x = 0; x < small.cols; ++x) {
        const auto& pixel = small.at<cv::Vec4b>(66, x);
        if (pixel[3] > 8) {
            EXPECT_LT(pixel[0], 40) << x;
        }
    }
}

}  // namespace
}  // namespace darkroom::imaging
