// Results of strangers: honest ones with everything that cameras and ComfyUI write into files, and hostile
// ones.
#include "keep_picture.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <opencv2/imgproc.hpp>

#include "imaging/codec/decode.h"
#include "imaging/codec/orientation.h"
#include "imaging/codec/testing/picture_samples.h"
#include "imaging/ops/operations.h"
#include "imaging/pool/process_pool.h"
#include "imaging/pool/testing/stored_png.h"
#include "picture_job.h"
#include "tests/support/temp_dir.h"

namespace darkroom::imaging {
namespace {

using namespace std::string_literals;
using core::ErrorCode;
using darkroom::testing::png_chunk;
using samples::drawing;
using samples::encoded;
using samples::file_of;
using vips::VImage;

auto* with() { return VImage::option(); }

const std::string marker = "WORKFLOW-OF-A-CUSTOMER";

std::string length_16(std::size_t bytes) { return {static_cast<char>(bytes >> 8), static_cast<char>(bytes)}; }

std::string jpeg_segment(char code, const std::string& data) {
    return "\xff"s + code + length_16(data.size() + 2) + data;
}

std::string little_32(std::size_t value) {
    return {static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16),
            static_cast<char>(value >> 24)};
}

// A TIFF directory with no entry, and the marker behind it.
std::string exif_block() { return "II*\0\x08\0\0\0\0\0\0\0\0\0"s + marker; }

std::string dressed_png(const std::string& png) {
    const std::string before = png_chunk("tEXt", "prompt\0"s + marker) +
                               png_chunk("iTXt", "XML:com.adobe.xmp" + "\0\0\0\0\0"s + marker) +
                               png_chunk("eXIf", exif_block()) + png_chunk("tIME", "\x07\xe0\1\1\1\1\1"s) +
                               png_chunk("dkRm", marker) + png_chunk("gAMA", marker);
    const std::size_t end = png.size() - 12;
    std::string dressed = png;
    dressed.insert(end, png_chunk("tEXt", "workflow\0"s + marker) + png_chunk("sRGB", "\0"s));
    return dressed.insert(33, before) + "PK\3\4" + marker;
}

std::string dressed_jpeg(const std::string& jpeg) {
    const std::string before = jpeg_segment('\xe1', "Exif\0\0"s + exif_block()) +
                               jpeg_segment('\xe1', "http://ns.adobe.com/xap/1.0/\0"s + marker) +
                               jpeg_segment('\xe0', "JFXX\0\x10"s + marker) +
                               jpeg_segment('\xe2', "MPF\0"s + marker) +
                               jpeg_segment('\xed', "Photoshop 3.0\0"s + marker) +
                               jpeg_segment('\xef', marker) + jpeg_segment('\xfe', marker);
    std::string dressed = jpeg;
    dressed.insert(jpeg.size() - 2, jpeg_segment('\xfe', marker));
    return dressed.insert(2, before) + "<script>" + marker;
}

std::string webp_chunk(const std::string& type, const std::string& data) {
    return type + little_32(data.size()) + data + (data.size() % 2 != 0 ? "\0"s : ""s);
}

// `webp` must be an extended one.
std::string dressed_webp(std::string webp) {
    webp += webp_chunk("EXIF", exif_block()) + webp_chunk("XMP ", marker) + webp_chunk("dkRm", marker);
    webp[20] = static_cast<char>(webp[20] | 0x0c);
    webp.replace(4, 4, little_32(webp.size() - 8));
    return webp + marker;
}

struct Outcome {
    PictureAnswer answer;
    std::string main, thumbnail;
};

Outcome keep(const std::string& input, boost::json::object params = {}) {
    const UniqueFd files[] = {file_of(input), file_of(""), file_of(""), file_of("")};
    const PictureRequest request{std::string(keep_picture_operation), std::move(params), {}};
    Outcome outcome{
        run_picture_job(request, {files[0].get(), files[1].get(), files[2].get(), files[3].get()}), "", ""};
    outcome.main = samples::content_of(files[main_file].get());
    outcome.thumbnail = samples::content_of(files[thumbnail_file].get());
    return outcome;
}

Picture decoded(const std::string& bytes) {
    const UniqueFd file = file_of(bytes);
    DecodeOptions options;
    options.keep_16_bit = true;
    options.limits.side_min = 1;
    auto picture = decode_picture(file.get(), options);
    EXPECT_TRUE(picture);
    return picture ? *std::move(picture) : Picture();
}

bool same_pixels(const cv::Mat& a, const cv::Mat& b) {
    return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

ErrorCode refusal(const std::string& bytes) {
    const auto outcome = keep(bytes);
    return outcome.answer ? ErrorCode::cancelled : outcome.answer.error().code;  // cancelled: was kept
}

cv::Mat cutout() {
    cv::Mat rgba;
    cv::cvtColor(drawing(100, 60), rgba, cv::COLOR_RGB2RGBA);
    rgba(cv::Rect(0, 0, 30, 60)).setTo(cv::Scalar(90, 90, 90, 0));
    return rgba;
}

VImage animation() {
    VImage frames = view_of(drawing(64, 128)).copy_memory();
    vips_image_set_int(frames.get_image(), VIPS_META_PAGE_HEIGHT, 64);
    return frames;
}

class KeepPicture : public ::testing::Test {
protected:
    void SetUp() override { samples::start_once(); }
};

TEST_F(KeepPicture, DropsEverythingButPixelsAndProfile) {
    const auto profile = [] { return with()->set("profile", "p3"); };
    const struct {
        const char* content_type;
        std::string dressed;
    } table[] = {{"image/png", dressed_png(encoded(drawing(100, 60), ".png", profile()))},
                 {"image/jpeg", dressed_jpeg(encoded(drawing(100, 60), ".jpg", profile()))},
                 {"image/webp", dressed_webp(encoded(drawing(100, 60), ".webp", profile()))}};
    for (const auto& row : table) {
        SCOPED_TRACE(row.content_type);
        const auto outcome = keep(row.dressed);
        ASSERT_TRUE(outcome.answer) << outcome.answer.error().message;
        EXPECT_EQ(outcome.main.find(marker), std::string::npos);
        EXPECT_LT(outcome.main.size(), row.dressed.size() - 5 * marker.size());
        const Picture before = decoded(row.dressed), after = decoded(outcome.main);
        EXPECT_TRUE(after.tagged);
        EXPECT_TRUE(same_pixels(before.pixels, after.pixels));
        EXPECT_EQ(outcome.answer->outputs.at(0).content_type, row.content_type);
        EXPECT_EQ(outcome.answer->outputs.at(0).width, 100u);
        EXPECT_EQ(outcome.answer->outputs.at(0).height, 60u);
        EXPECT_TRUE(outcome.answer->warnings.empty());
        EXPECT_EQ(decoded(outcome.thumbnail).pixels.size(), cv::Size(100, 60));
        EXPECT_EQ(keep(row.dressed).main, outcome.main);
        EXPECT_EQ(keep(row.dressed).thumbnail, outcome.thumbnail);
    }
}

TEST_F(KeepPicture, MakesAPreviewOfALargeResultWhereOneIsAskedFor) {
    cv::Mat wide;
    drawing(1600, 1000).convertTo(wide, CV_16U, 257);
    for (const auto& bytes : {encoded(drawing(1600, 1000), ".jpg"), encoded(wide, ".tif")}) {
        const UniqueFd files[] = {file_of(bytes), file_of(""), file_of(""), file_of(""), file_of("")};
        const RequestFiles all(files[0].get(), files[1].get(), files[2].get(), files[3].get(),
                               files[4].get());
        const auto plain = run_picture_job({std::string(keep_picture_operation), {}, {}}, all);
        ASSERT_TRUE(plain);
        EXPECT_EQ(plain->outputs.size(), 2u);
        const auto asked =
            run_picture_job({std::string(keep_picture_operation), {{"preview", true}}, {}}, all);
        ASSERT_TRUE(asked);
        ASSERT_EQ(asked->outputs.size(), 3u);
        EXPECT_EQ(asked->outputs[1].role, "preview");
        EXPECT_EQ(asked->outputs[1].content_type, "image/webp");
        EXPECT_EQ(decoded(samples::content_of(files[4].get())).pixels.size(), cv::Size(625, 390));
    }
}

TEST_F(KeepPicture, KeepsTransparencyDepthPalettesAndCmyk) {
    cv::Mat wide;
    drawing(100, 60).convertTo(wide, CV_16U, 256.7);
    const VImage cmyk =
        view_of(cutout()).copy_memory().copy(with()->set("interpretation", VIPS_INTERPRETATION_CMYK));
    for (const auto& [bytes, alpha] : {std::pair{encoded(cutout(), ".png"), true},
                                       {encoded(cutout(), ".webp"), true},
                                       {encoded(wide, ".png"), false},
                                       {encoded(cutout(), ".png", with()->set("palette", true)), true},
                                       {encoded(cmyk, ".jpg"), false},
                                       {encoded(drawing(8, 5), ".png"), false}}) {
        const auto outcome = keep(bytes);
        ASSERT_TRUE(outcome.answer) << outcome.answer.error().message;
        EXPECT_EQ(outcome.answer->outputs[0].has_alpha, alpha);
        EXPECT_TRUE(same_pixels(decoded(bytes).pixels, decoded(outcome.main).pixels));
    }
}

// Written by hand for PNG, for which libvips writes none. One entry: orientation (274), SHORT, 1, 6.
std::string turned_png(const cv::Mat& stored) {
    const std::string exif = "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"s;
    return encoded(stored, ".png").insert(33, png_chunk("eXIf", exif + marker));
}

TEST_F(KeepPicture, TurnsPixelsUprightWhereExifAsksForIt) {
    const cv::Mat upright = drawing(96, 64);
    cv::Mat stored = upright.clone();
    set_upright(stored, 8);  // undone by 6
    const VImage image = view_of(stored).copy();
    vips_image_set_int(image.get_image(), VIPS_META_ORIENTATION, 6);
    const struct {
        const char* what;
        std::string bytes;
        bool exact;
    } table[] = {{"png", turned_png(stored), true},
                 {"jpeg", encoded(image, ".jpg", with()->set("Q", 95)), false},
                 {"webp", encoded(image, ".webp", with()->set("lossless", true)), true}};
    for (const auto& row : table) {
        SCOPED_TRACE(row.what);
        const auto outcome = keep(row.bytes);
        ASSERT_TRUE(outcome.answer) << outcome.answer.error().message;
        const auto& main = outcome.answer->outputs[0];
        EXPECT_EQ(main.content_type, "image/"s + row.what);
        EXPECT_EQ(std::pair(main.width, main.height), std::pair(96u, 64u));
        for (const std::string& trace : {marker, "Exif"s, "EXIF"s, "eXIf"s})
            EXPECT_EQ(outcome.main.find(trace), std::string::npos) << trace;
        const cv::Mat kept = decoded(outcome.main).pixels;
        EXPECT_GT(samples::psnr(kept, upright), 35);
        EXPECT_EQ(same_pixels(kept, upright), row.exact);
        EXPECT_EQ(decoded(outcome.thumbnail).pixels.size(), cv::Size(96, 64));
    }
}

TEST_F(KeepPicture, OtherFormatsBecomePngAndSaySo) {
    for (const char* suffix : {".gif", ".tif", ".heic", ".avif"}) {
        SCOPED_TRACE(suffix);
        const std::string bytes = encoded(drawing(100, 60), suffix);
        const auto outcome = keep(bytes);
        ASSERT_TRUE(outcome.answer) << outcome.answer.error().message;
        EXPECT_EQ(outcome.answer->outputs[0].content_type, "image/png");
        ASSERT_EQ(outcome.answer->warnings.size(), 1u);
        EXPECT_EQ(outcome.answer->warnings[0].at("code").as_string(), "output_format_changed");
        EXPECT_TRUE(same_pixels(decoded(bytes).pixels, decoded(outcome.main).pixels));
    }
}

TEST_F(KeepPicture, ResultsThatMoveAreRefused) {
    for (const char* suffix : {".gif", ".webp"})
        EXPECT_EQ(refusal(encoded(animation(), suffix)), ErrorCode::output_invalid) << suffix;
    std::string png = encoded(drawing(100, 60), ".png");
    png.insert(33, png_chunk("acTL", "\0\0\0\2\0\0\0\0"s));
    EXPECT_EQ(refusal(png), ErrorCode::output_invalid);
}

TEST_F(KeepPicture, AFileCutAnywhereIsRefused) {
    cv::Mat picture = drawing(160, 120), noise(picture.size(), picture.type());
    cv::RNG(1).fill(noise, cv::RNG::UNIFORM, 0, 40);
    picture += noise;
    for (const char* suffix : {".jpg", ".png", ".webp", ".tif", ".avif"}) {
        const std::string whole = encoded(picture, suffix);
        for (std::size_t bytes = 0; bytes < whole.size(); bytes += 97) {
            const auto outcome = keep(whole.substr(0, bytes));
            ASSERT_FALSE(outcome.answer) << suffix << " cut to " << bytes << " of " << whole.size();
            EXPECT_EQ(outcome.answer.error().code, ErrorCode::output_invalid) << suffix << " " << bytes;
            EXPECT_FALSE(outcome.answer.error().message.empty());
        }
        EXPECT_EQ(refusal(whole), ErrorCode::cancelled);
    }
}

TEST_F(KeepPicture, WhatIsNoPictureOrTooMuchOfOneIsRefused) {
    using darkroom::testing::png_header;
    using darkroom::testing::stored_zlib;
    const std::string end = png_chunk("IEND", "");
    std::string broken = encoded(drawing(100, 60), ".png");
    broken[broken.size() / 2] ^= 0x10;
    const std::pair<const char*, std::string> table[] = {
        {"empty", ""},
        {"text", "Traceback (most recent call last):\n"},
        {"page", "<html><body onload=alert(1)></body></html>"},
        {"65535 x 65535 in 100 bytes", png_header(65'535, 65'535) + png_chunk("IDAT", "x") + end},
        // The junk behind its end makes it look less like a bomb than it is.
        {"padded bomb",
         png_header(5'000, 5'000) + png_chunk("IDAT", stored_zlib("x")) + end + std::string(100'000, 'j')},
        {"fewer rows than told",
         png_header(300, 300) + png_chunk("IDAT", stored_zlib(std::string(std::size_t{901} * 299, '\0'))) +
             end},
        {"damaged", broken},
    };
    for (const auto& [what, bytes] : table) EXPECT_EQ(refusal(bytes), ErrorCode::output_invalid) << what;
}

TEST_F(KeepPicture, MakesNoThumbnailWhereNoneIsWanted) {
    const auto outcome = keep(encoded(drawing(100, 60), ".png"), {{"thumbnail", false}});
    ASSERT_TRUE(outcome.answer);
    EXPECT_EQ(outcome.answer->outputs.size(), 1u);
    EXPECT_EQ(outcome.thumbnail, "");
}

TEST_F(KeepPicture, IsNoTypeThatAJobCouldHave) { EXPECT_EQ(find_operation(keep_picture_operation), nullptr); }

TEST_F(KeepPicture, WorksBehindTheLock) {
    darkroom::testing::TempDir folder;
    PoolOptions options;
    options.program = DARKROOM_IMAGING_PROGRAM;
    options.work_dir = folder.path();
    options.resident_bytes_max = std::uint64_t{8} << 30;  // sanitizers keep much
    auto pool = ProcessPool::open(options);
    ASSERT_TRUE(pool) << pool.error();
    const CancelFlag never;
    const auto run = [&](const std::string& bytes) {
        const UniqueFd input = file_of(bytes);
        return (*pool)->run(
            {.operation = std::string(keep_picture_operation), .params = {}, .input = input.get()}, never);
    };
    const VImage turned = view_of(drawing(96, 64)).copy_memory();
    vips_image_set_int(turned.get_image(), VIPS_META_ORIENTATION, 6);
    for (const auto& bytes :
         {dressed_png(encoded(drawing(100, 60), ".png")), dressed_jpeg(encoded(drawing(100, 60), ".jpg")),
          dressed_webp(encoded(cutout(), ".webp")), encoded(turned, ".jpg"),
          encoded(drawing(100, 60), ".avif")}) {
        const auto result = run(bytes);
        ASSERT_TRUE(result) << result.error().message;
        ASSERT_EQ(result->files.size(), 2u);
        std::ifstream file(result->files[0].path, std::ios::binary);
        const std::string main((std::istreambuf_iterator<char>(file)), {});
        EXPECT_EQ(main, keep(bytes).main);
        for (const auto& produced : result->files) std::filesystem::remove(produced.path);
    }
    EXPECT_EQ((*pool)->counts().started, 1u);
    const auto refused = run("no picture");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::output_invalid);
}

}  // namespace
}  // namespace darkroom::imaging
