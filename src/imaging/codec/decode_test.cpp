// Files of every format, whole, cut, damaged and dressed up, into the one decoder.
#include "imaging/codec/decode.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>
#include <random>

#include "imaging/codec/orientation.h"
#include "imaging/codec/testing/picture_samples.h"

// x265, with which libvips writes HEIC for this test, leaves a few bytes behind; reading does not use it.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is the sanitizer's
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265"; }

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using samples::drawing;
using samples::encoded;
using samples::file_of;
using samples::psnr;
using vips::VImage;

constexpr const char* suffixes[] = {".jpg", ".png", ".webp", ".gif", ".tif", ".heic", ".avif"};

class DecodeTest : public ::testing::Test {
protected:
    void SetUp() override { samples::start_once(); }
    static Result<Picture, core::JobError> decode(const std::string& bytes, DecodeOptions options = {}) {
        const UniqueFd file = file_of(bytes);
        return decode_picture(file.get(), options);
    }
    static ErrorCode refusal(const std::string& bytes, DecodeOptions options = {}) {
        const auto picture = decode(bytes, options);
        return picture ? ErrorCode::cancelled : picture.error().code;  // cancelled stands for "was read"
    }
};

TEST_F(DecodeTest, EveryFormatIsRead) {
    const cv::Mat picture = drawing(120, 80);
    for (const char* suffix : suffixes) {
        SCOPED_TRACE(suffix);
        const auto read = decode(encoded(picture, suffix));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->pixels.type(), CV_8UC3);
        EXPECT_GT(psnr(read->pixels, picture), 27);
    }
}

TEST_F(DecodeTest, CutFilesAreRefusedWhereverTheyEnd) {
    cv::Mat picture = drawing(160, 120);
    cv::RNG random(1);
    cv::Mat noise(picture.size(), CV_8UC3);
    random.fill(noise, cv::RNG::UNIFORM, 0, 40);
    picture += noise;
    for (const char* suffix : suffixes) {
        const std::string whole = encoded(picture, suffix);
        for (const double part : {0.0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99}) {
            const auto bytes = static_cast<std::size_t>(double(whole.size()) * part);
            const auto read = decode(whole.substr(0, bytes));
            ASSERT_FALSE(read) << suffix << " cut to " << bytes << " of " << whole.size();
            EXPECT_EQ(read.error().code, ErrorCode::input_unreadable) << suffix << " " << part;
            EXPECT_FALSE(read.error().message.empty());
        }
    }
}

// What cannot be noticed (changed pixels in formats without checksums) is decoded; all else is refused;
// nothing crashes.
TEST_F(DecodeTest, DamagedFilesAreRefusedOrReadButNeverFatal) {
    const cv::Mat picture = drawing(64, 48);
    int refused = 0;
    for (const char* suffix : suffixes) {
        const std::string whole = encoded(picture, suffix);
        for (std::uint32_t seed = 0; seed < 40; ++seed) {
            std::mt19937 random(seed);
            std::string bytes = whole;
            const std::size_t run = seed % 2 == 0 ? 1 : 16;
            const std::size_t at = random() % (bytes.size() - run);
            for (std::size_t i = 0; i < run; ++i) bytes[at + i] = static_cast<char>(random());
            const auto read = decode(bytes);
            if (!read) {
                ++refused;
                EXPECT_NE(read.error().code, ErrorCode::internal) << suffix << " " << seed;
            }
        }
    }
    EXPECT_GT(refused, 40);
    // Many times: libvips with several threads would let one in a hundred pass.
    std::string png = encoded(picture, ".png");
    png[png.size() / 3] ^= 0x10;
    for (int i = 0; i < 300; ++i) ASSERT_EQ(refusal(png), ErrorCode::input_unreadable) << i;
}

TEST_F(DecodeTest, AJpegWithBrokenCodesIsRefusedAndOneWithStrayBytesIsRead) {
    cv::Mat noisy(200, 200, CV_8UC3);
    cv::RNG(3).fill(noisy, cv::RNG::UNIFORM, 0, 255);
    std::string broken = encoded(noisy, ".jpg");
    for (std::size_t i = broken.size() / 3; i < broken.size() / 3 + 4'000; ++i) broken[i] = '\x55';
    EXPECT_EQ(refusal(broken), ErrorCode::input_unreadable);
    std::string stray = encoded(noisy, ".jpg");
    stray.insert(stray.size() - 2, "stray");  // between the last codes and the end marker, as some cameras do
    EXPECT_EQ(refusal(stray), ErrorCode::cancelled);
    EXPECT_EQ(refusal(encoded(noisy, ".jpg") + std::string(100'000, 'j')), ErrorCode::cancelled);
}

TEST_F(DecodeTest, OrientationIsApplied) {
    const cv::Mat upright = drawing(96, 64);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        SCOPED_TRACE(orientation);
        // The stored picture is what turning upright has to undo.
        static constexpr int inverse[] = {0, 1, 2, 3, 4, 5, 8, 7, 6};
        cv::Mat stored = upright.clone();
        set_upright(stored, inverse[orientation]);
        for (const char* suffix : {".jpg", ".webp", ".tif"}) {
            const VImage image = view_of(stored).copy();
            vips_image_set_int(image.get_image(), VIPS_META_ORIENTATION, orientation);
            const auto read = decode(encoded(image, suffix));
            ASSERT_TRUE(read);
            EXPECT_GT(psnr(read->pixels, upright), 27) << suffix;
        }
    }
}

VImage through_profile(const cv::Mat& picture, const char* profile) {
    return view_of(picture).icc_transform(
        profile, VImage::option()->set("input_profile", "srgb")->set("embedded", FALSE));
}

TEST_F(DecodeTest, ProfilesAndCmykBecomeSrgb) {
    const cv::Mat picture = drawing(80, 80);
    const VImage wide = through_profile(picture, "p3");
    const auto from_p3 = decode(encoded(wide, ".png"));
    ASSERT_TRUE(from_p3);
    EXPECT_TRUE(from_p3->tagged);
    EXPECT_GT(psnr(from_p3->pixels, picture), 40);
    // Without the conversion, red would be paler by more than this.
    cv::Mat as_stored(80, 80, CV_8UC3);
    std::size_t bytes = 0;
    void* memory = wide.write_to_memory(&bytes);
    ASSERT_EQ(bytes, as_stored.total() * 3);
    std::memcpy(as_stored.data, memory, bytes);
    g_free(memory);
    EXPECT_LT(psnr(as_stored, picture), 35);

    const auto from_cmyk =
        decode(encoded(through_profile(picture, "cmyk"), ".jpg", VImage::option()->set("Q", 98)));
    ASSERT_TRUE(from_cmyk);
    EXPECT_EQ(from_cmyk->pixels.channels(), 3);
    EXPECT_GT(psnr(from_cmyk->pixels, picture), 20);
}

TEST_F(DecodeTest, AnSrgbProfileChangesNoPixelAndABrokenOneIsIgnored) {
    const cv::Mat picture = drawing(64, 64);
    const auto tagged = decode(encoded(picture, ".png", VImage::option()->set("profile", "srgb")));
    ASSERT_TRUE(tagged);
    EXPECT_TRUE(tagged->tagged);
    EXPECT_EQ(cv::norm(tagged->pixels, picture, cv::NORM_INF), 0);
    const VImage broken = view_of(picture).copy();
    const std::string junk(300, 'x');
    vips_image_set_blob_copy(broken.get_image(), VIPS_META_ICC_NAME, junk.data(), junk.size());
    const auto read = decode(encoded(broken, ".tif"));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(cv::norm(read->pixels, picture, cv::NORM_INF), 0);
}

TEST_F(DecodeTest, SixteenBitsStayOnlyWhereTheyAreWanted) {
    cv::Mat wide;
    drawing(64, 48).convertTo(wide, CV_16U, 257);
    wide += cv::Scalar(100, 100, 100);
    for (const char* suffix : {".png", ".tif"}) {
        const std::string bytes = encoded(wide, suffix);
        const auto reduced = decode(bytes);
        ASSERT_TRUE(reduced);
        EXPECT_EQ(reduced->pixels.type(), CV_8UC3);
        EXPECT_GT(psnr(reduced->pixels, drawing(64, 48)), 45);
        DecodeOptions keep;
        keep.keep_16_bit = true;
        const auto kept = decode(bytes, keep);
        ASSERT_TRUE(kept);
        EXPECT_EQ(kept->pixels.type(), CV_16UC3);
        EXPECT_EQ(cv::norm(kept->pixels, wide, cv::NORM_INF), 0);
    }
}

TEST_F(DecodeTest, GreyPaletteAndOneBitPicturesBecomeRgb) {
    cv::Mat grey;
    cv::cvtColor(drawing(64, 48), grey, cv::COLOR_RGB2GRAY);
    cv::Mat expected;
    cv::cvtColor(grey, expected, cv::COLOR_GRAY2RGB);
    EXPECT_EQ(cv::norm(decode(encoded(grey, ".png"))->pixels, expected, cv::NORM_INF), 0);
    EXPECT_GT(psnr(decode(encoded(grey, ".jpg"))->pixels, expected), 30);
    EXPECT_GT(psnr(decode(encoded(drawing(64, 48), ".png", VImage::option()->set("palette", TRUE)))->pixels,
                   drawing(64, 48)),
              25);
    const cv::Mat black_white = (grey > 128);
    const auto one_bit = decode(encoded(black_white, ".png", VImage::option()->set("bitdepth", 1)));
    ASSERT_TRUE(one_bit);
    EXPECT_EQ(one_bit->pixels.type(), CV_8UC3);
    EXPECT_EQ(one_bit->pixels.at<cv::Vec3b>(47, 63)[0], black_white.at<std::uint8_t>(47, 63));
}

TEST_F(DecodeTest, FloatTiffIsRead) {
    cv::Mat picture = drawing(48, 48);
    const VImage linear = view_of(picture).colourspace(VIPS_INTERPRETATION_scRGB);
    const auto read = decode(encoded(linear, ".tif"));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_GT(psnr(read->pixels, picture), 40);
}

TEST_F(DecodeTest, AlphaStaysOnlyWhereSomethingIsTransparent) {
    cv::Mat rgba;
    cv::cvtColor(drawing(64, 64), rgba, cv::COLOR_RGB2RGBA);
    EXPECT_EQ(decode(encoded(rgba, ".png"))->pixels.channels(), 3);
    rgba.at<cv::Vec4b>(10, 10)[3] = 0;
    const auto read = decode(encoded(rgba, ".png"));
    ASSERT_TRUE(read);
    EXPECT_EQ(cv::norm(read->pixels, rgba, cv::NORM_INF), 0);
}

TEST_F(DecodeTest, OnlyTheFirstFrameOfAGifIsRead) {
    const cv::Mat strip = drawing(40, 120);
    const VImage frames = view_of(strip).copy();
    vips_image_set_int(frames.get_image(), VIPS_META_PAGE_HEIGHT, 40);
    const auto gif = decode(encoded(frames, ".gif"));
    ASSERT_TRUE(gif);
    EXPECT_EQ(gif->pixels.size(), cv::Size(40, 40));
    EXPECT_EQ(refusal(encoded(frames, ".webp")), ErrorCode::input_animated);
    EXPECT_EQ(decode(encoded(frames, ".tif"))->pixels.rows, 40);
}

TEST_F(DecodeTest, LargePicturesAreReducedWhileTheyAreRead) {
    const cv::Mat picture = drawing(800, 400);
    DecodeOptions options;
    options.side_max = 200;
    const auto small = decode(encoded(picture, ".png"), options);
    ASSERT_TRUE(small);
    EXPECT_TRUE(small->reduced);
    EXPECT_EQ(small->pixels.size(), cv::Size(200, 100));
    EXPECT_GT(psnr(small->pixels, drawing(200, 100)), 25);
    options.side_max = UINT32_MAX;
    options.pixels_max = 80'000;
    EXPECT_EQ(decode(encoded(picture, ".jpg"), options)->pixels.size(), cv::Size(400, 200));
    options.pixels_max = 320'000;
    EXPECT_FALSE(decode(encoded(picture, ".jpg"), options)->reduced);
}

TEST_F(DecodeTest, LimitsHoldBeforeAnyPixelIsDecoded) {
    DecodeOptions options;
    options.limits.pixels_max = 10'000;
    for (const char* suffix : suffixes) {
        EXPECT_EQ(refusal(encoded(drawing(101, 100), suffix), options), ErrorCode::input_too_large) << suffix;
        EXPECT_EQ(refusal(encoded(drawing(100, 100), suffix), options), ErrorCode::cancelled) << suffix;
    }
    options.limits.heic = false;
    EXPECT_EQ(refusal(encoded(drawing(64, 64), ".heic"), options), ErrorCode::input_unsupported_format);
    EXPECT_EQ(refusal(encoded(drawing(64, 64), ".avif"), options), ErrorCode::cancelled);
    EXPECT_EQ(refusal("<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'/>"),
              ErrorCode::input_unsupported_format);
    EXPECT_EQ(refusal(""), ErrorCode::input_unreadable);
}

TEST_F(DecodeTest, DecodersForOtherFormatsAreBlocked) {
    const std::string svg =
        "<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'><rect width='9' height='9'/></svg>";
    VipsImage* image = nullptr;
    EXPECT_NE(vips_svgload_buffer(const_cast<char*>(svg.data()), svg.size(), &image, nullptr), 0);
    EXPECT_EQ(image, nullptr);
    vips_error_clear();
}

TEST_F(DecodeTest, DecoderMessagesBecomeWordsForTheOwner) {
    EXPECT_EQ(explain_decode_error("VipsJpeg: Premature end of JPEG file").code, ErrorCode::input_unreadable);
    EXPECT_NE(explain_decode_error("VipsJpeg: Premature end of JPEG file").message.find("cut off"),
              std::string::npos);
    EXPECT_EQ(explain_decode_error("vips_tracked: out of memory --- size == 48MB").code,
              ErrorCode::worker_oom);
    EXPECT_EQ(explain_decode_error("heif: Unsupported codec (4.3000)").code,
              ErrorCode::input_unsupported_format);
    EXPECT_EQ(explain_decode_error("anything else").code, ErrorCode::input_unreadable);
}

}  // namespace
}  // namespace darkroom::imaging
