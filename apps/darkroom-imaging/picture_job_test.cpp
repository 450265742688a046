// One job at a time: in this process, where every answer can be looked into, and through a locked-down pixel
// process, where each decoder has to do without files.
#include "picture_job.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <opencv2/imgproc.hpp>

#include "imaging/codec/decode.h"
#include "imaging/codec/testing/picture_samples.h"
#include "imaging/pool/process_pool.h"
#include "tests/support/temp_dir.h"

// x265, with which libvips writes HEIC for this test, leaves a few bytes behind; reading does not use it.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is the sanitizer's
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265"; }

namespace darkroom::imaging {
namespace {

using samples::drawing;
using samples::encoded;
using samples::file_of;

struct Outcome {
    PictureAnswer answer;
    std::string main, mask, thumbnail;
};

Outcome run(const std::string& input, const std::string& operation, boost::json::object params) {
    samples::start_once();
    const UniqueFd files[] = {file_of(input), file_of(""), file_of(""), file_of("")};
    const PictureRequest request{operation, std::move(params), {}};
    Outcome outcome{
        run_picture_job(request, {files[0].get(), files[1].get(), files[2].get(), files[3].get()}), "", "",
        ""};
    outcome.main = samples::content_of(files[main_file].get());
    outcome.mask = samples::content_of(files[mask_file].get());
    outcome.thumbnail = samples::content_of(files[thumbnail_file].get());
    return outcome;
}

std::vector<std::string> warnings_of(const Outcome& outcome) {
    std::vector<std::string> codes;
    for (const auto& warning : outcome.answer->warnings) codes.emplace_back(warning.at("code").as_string());
    return codes;
}

cv::Mat decoded(const std::string& bytes) {
    const UniqueFd file = file_of(bytes);
    auto picture = decode_picture(file.get(), {});
    EXPECT_TRUE(picture);
    return picture ? picture->pixels : cv::Mat();
}

cv::Mat cutout() {
    cv::Mat rgba;
    cv::cvtColor(drawing(100, 60), rgba, cv::COLOR_RGB2RGBA);
    rgba(cv::Rect(0, 0, 30, 60)).setTo(cv::Scalar(90, 90, 90, 0));
    return rgba;
}

// A dark shape on a plain ground, which every operation can do something with.
cv::Mat shape() {
    cv::Mat picture(240, 320, CV_8UC3, cv::Scalar(240, 240, 238));
    cv::circle(picture, {160, 120}, 70, {120, 30, 60}, -1, cv::LINE_AA);
    return picture;
}

TEST(PictureJob, OutputFormatFollowsTheInputUnlessAlphaOrTheUserWantsAnother) {
    const auto type_of = [](const Outcome& outcome) { return outcome.answer->outputs.at(0).content_type; };
    const boost::json::object upscale{{"v", 1}, {"target", 256}};
    EXPECT_EQ(type_of(run(encoded(drawing(64, 64), ".jpg"), "upscale_2k", upscale)), "image/jpeg");
    EXPECT_EQ(type_of(run(encoded(drawing(64, 64), ".webp"), "upscale_2k", upscale)), "image/png");
    EXPECT_EQ(type_of(run(encoded(cutout(), ".webp"), "upscale_2k", upscale)), "image/png");
    EXPECT_EQ(type_of(run(encoded(shape(), ".jpg"), "jpeg_to_png", {{"v", 1}})), "image/png");
    for (const char* format : {"png", "webp", "jpeg", "tiff"}) {
        boost::json::object asked = upscale;
        asked["output_format"] = format;
        const auto outcome = run(encoded(drawing(64, 64), ".png"), "upscale_2k", asked);
        EXPECT_EQ(type_of(outcome), std::string("image/") + format);
        EXPECT_EQ(decoded(outcome.main).cols, 256);
    }
}

TEST(PictureJob, TransparencyInAJpegIsWarnedOf) {
    const auto outcome =
        run(encoded(cutout(), ".png"), "upscale_2k", {{"v", 1}, {"target", 256}, {"output_format", "jpeg"}});
    ASSERT_TRUE(outcome.answer);
    EXPECT_FALSE(outcome.answer->outputs[0].has_alpha);
    EXPECT_EQ(warnings_of(outcome), (std::vector<std::string>{"alpha_flattened"}));
}

TEST(PictureJob, ResultsAreReducedToWhatIsAskedAndSaySo) {
    for (const char* operation : {"upscale_2k", "bg_remove"}) {
        const auto outcome = run(encoded(shape(), ".png"), operation, {{"v", 1}, {"max_output_mp", 0.05}});
        ASSERT_TRUE(outcome.answer) << outcome.answer.error().message;
        const auto& main = outcome.answer->outputs[0];
        EXPECT_LE(main.width * main.height, 50'000u);
        EXPECT_GT(main.width * main.height, 48'000u);
        const auto warnings = warnings_of(outcome);
        EXPECT_EQ(std::count(warnings.begin(), warnings.end(), "output_reduced"), 1) << operation;
    }
}

TEST(PictureJob, PreviewsAreSmall) {
    for (const char* operation : {"upscale_2k", "jpeg_to_png"}) {
        cv::Mat large;
        cv::resize(shape(), large, {1'280, 960});
        const auto outcome = run(encoded(large, ".jpg"), operation, {{"v", 1}, {"preview", true}});
        ASSERT_TRUE(outcome.answer);
        EXPECT_EQ(outcome.answer->outputs[0].width, 625u) << operation;
    }
}

TEST(PictureJob, MaskAndMainAgree) {
    const auto outcome = run(encoded(shape(), ".png"), "bg_remove", {{"v", 1}});
    ASSERT_TRUE(outcome.answer) << outcome.answer.error().message;
    ASSERT_EQ(outcome.answer->outputs.size(), 3u);
    cv::Mat alpha, mask;
    cv::extractChannel(decoded(outcome.main), alpha, 3);
    cv::extractChannel(decoded(outcome.mask), mask, 0);
    EXPECT_EQ(cv::norm(alpha, mask, cv::NORM_INF), 0);
    EXPECT_EQ(decoded(outcome.thumbnail).size(), cv::Size(320, 240));
}

TEST(PictureJob, WhatIsDoneAlreadyIsReturnedUnchanged) {
    const auto outcome = run(encoded(cutout(), ".png"), "jpeg_to_png", {{"v", 1}});
    ASSERT_TRUE(outcome.answer);
    EXPECT_TRUE(outcome.answer->noop);
    EXPECT_EQ(cv::norm(decoded(outcome.main), cutout(), cv::NORM_INF), 0);
}

TEST(PictureJob, ProfilesAreKeptAsSrgbAndStrippedWhenAsked) {
    const std::string tagged =
        encoded(drawing(64, 64), ".png", vips::VImage::option()->set("profile", "srgb"));
    const auto has_profile = [](const std::string& bytes) { return bytes.find("iCCP") != std::string::npos; };
    const boost::json::object keep{{"v", 1}, {"target", 256}};
    boost::json::object strip = keep;
    strip["metadata"] = "strip";
    EXPECT_TRUE(has_profile(run(tagged, "upscale_2k", keep).main));
    EXPECT_FALSE(has_profile(run(tagged, "upscale_2k", strip).main));
    EXPECT_FALSE(has_profile(run(encoded(drawing(64, 64), ".png"), "upscale_2k", keep).main));
}

TEST(PictureJob, FailuresWriteNothing) {
    for (const auto& [bytes, operation] :
         {std::pair<std::string, const char*>{"not a picture", "bg_remove"},
          {encoded(drawing(64, 64), ".png"), "no_such_type"},
          {encoded(cv::Mat(64, 64, CV_8UC3, cv::Scalar(9, 9, 9)), ".png"), "jpeg_to_png"}}) {
        const auto outcome = run(bytes, operation, {{"v", 1}});
        EXPECT_FALSE(outcome.answer);
        EXPECT_TRUE(outcome.main.empty() && outcome.mask.empty() && outcome.thumbnail.empty());
    }
}

TEST(PictureJob, EveryFormatIsReadAndWrittenBehindTheLock) {
    samples::start_once();
    testing::TempDir folder;
    PoolOptions options;
    options.program = DARKROOM_IMAGING_PROGRAM;
    options.work_dir = folder.path();
    options.resident_bytes_max = std::uint64_t{8} << 30;  // sanitizers keep much
    auto pool = ProcessPool::open(options);
    ASSERT_TRUE(pool) << pool.error();
    const CancelFlag never;
    for (const char* suffix : {".jpg", ".png", ".webp", ".gif", ".tif", ".heic", ".avif"}) {
        for (const char* format : {"auto", "png", "webp", "jpeg", "tiff"}) {
            const UniqueFd input = file_of(encoded(drawing(200, 150), suffix));
            const auto result =
                (*pool)->run({.operation = "upscale_2k",
                              .params = {{"v", 1}, {"target", 400}, {"output_format", format}},
                              .input = input.get()},
                             never);
            ASSERT_TRUE(result) << suffix << " " << format << ": " << result.error().message;
            std::ifstream file(result->files[0].path, std::ios::binary);
            const std::string bytes((std::istreambuf_iterator<char>(file)), {});
            EXPECT_GT(samples::psnr(decoded(bytes), drawing(400, 300)), 22) << suffix << " " << format;
            for (const auto& produced : result->files) std::filesystem::remove(produced.path);
        }
    }
    EXPECT_EQ((*pool)->counts().started, 1u);
}

}  // namespace
}  // namespace darkroom::imaging
