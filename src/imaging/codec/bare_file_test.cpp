// Files of the three formats, whole, cut and damaged, through the copier; libvips tells whether pixels
// stayed.
#include "imaging/codec/bare_file.h"

#include <gtest/gtest.h>

#include <map>
#include <opencv2/imgproc.hpp>
#include <random>

#include "imaging/codec/testing/picture_samples.h"

namespace darkroom::imaging {
namespace {

using core::ImageFormat;
using samples::encoded;
using vips::VImage;

struct Sample {
    ImageFormat format;
    std::string bytes;
};

cv::Mat noisy(int width, int height) {
    cv::Mat picture = samples::drawing(width, height), noise(picture.size(), picture.type());
    cv::RNG(7).fill(noise, cv::RNG::UNIFORM, 0, 40);
    return picture + noise;
}

cv::Mat translucent(int width, int height) {
    cv::Mat rgba;
    cv::cvtColor(noisy(width, height), rgba, cv::COLOR_RGB2RGBA);
    cv::rectangle(rgba, {10, 10, 30, 20}, {90, 90, 90, 40}, -1);
    return rgba;
}

auto* with() { return VImage::option(); }

std::map<std::string, Sample> samples_of_each_kind() {
    const cv::Mat rgb = noisy(120, 80), rgba = translucent(120, 80);
    cv::Mat wide, grey;
    rgb.convertTo(wide, CV_16U, 256.3);
    cv::extractChannel(rgb, grey, 0);
    const VImage cmyk = view_of(rgba).copy(with()->set("interpretation", VIPS_INTERPRETATION_CMYK));
    const auto png = ImageFormat::png, jpeg = ImageFormat::jpeg, webp = ImageFormat::webp;
    return {
        {"png", {png, encoded(rgb, ".png")}},
        {"png with alpha", {png, encoded(rgba, ".png")}},
        {"png of 16 bits", {png, encoded(wide, ".png")}},
        {"grey png", {png, encoded(grey, ".png")}},
        {"png with palette", {png, encoded(rgba, ".png", with()->set("palette", true))}},
        {"interlaced png", {png, encoded(rgb, ".png", with()->set("interlace", true))}},
        {"png with profile", {png, encoded(rgb, ".png", with()->set("profile", "p3"))}},
        {"jpeg", {jpeg, encoded(rgb, ".jpg")}},
        {"progressive jpeg", {jpeg, encoded(rgb, ".jpg", with()->set("interlace", true))}},
        {"jpeg with full chroma", {jpeg, encoded(rgb, ".jpg", with()->set("Q", 97))}},
        {"jpeg with restarts", {jpeg, encoded(rgb, ".jpg", with()->set("restart-interval", 4))}},
        {"grey jpeg", {jpeg, encoded(grey, ".jpg")}},
        {"cmyk jpeg", {jpeg, encoded(cmyk, ".jpg")}},
        {"jpeg with profile", {jpeg, encoded(rgb, ".jpg", with()->set("profile", "p3"))}},
        {"webp", {webp, encoded(rgb, ".webp")}},
        {"lossless webp", {webp, encoded(rgba, ".webp", with()->set("lossless", true))}},
        {"webp with alpha", {webp, encoded(rgba, ".webp")}},
        {"webp with profile", {webp, encoded(rgba, ".webp", with()->set("profile", "p3"))}},
    };
}

std::string pixels_of(const VImage& image) {
    std::size_t bytes = 0;
    void* memory = image.write_to_memory(&bytes);
    std::string pixels(static_cast<const char*>(memory), bytes);
    g_free(memory);
    return pixels;
}

std::string profile_of(const VImage& image) {
    if (image.get_typeof(VIPS_META_ICC_NAME) == 0) return "";
    std::size_t bytes = 0;
    const void* profile = image.get_blob(VIPS_META_ICC_NAME, &bytes);
    return {static_cast<const char*>(profile), bytes};
}

VImage opened(const std::string& bytes) {
    return VImage::new_from_buffer(bytes.data(), bytes.size(), "",
                                   with()->set("fail_on", VIPS_FAIL_ON_WARNING));
}

class BareFile : public ::testing::Test {
protected:
    void SetUp() override { samples::start_once(); }
};

TEST_F(BareFile, KeepsPixelsAndProfilesBitForBit) {
    int profiles = 0;
    for (const auto& [name, sample] : samples_of_each_kind()) {
        SCOPED_TRACE(name);
        const auto bare = bare_file(sample.format, sample.bytes);
        ASSERT_TRUE(bare);
        EXPECT_LE(bare->size(), sample.bytes.size());
        const VImage before = opened(sample.bytes), after = opened(*bare);
        EXPECT_EQ(after.width(), 120);
        EXPECT_EQ(after.bands(), before.bands());
        EXPECT_EQ(after.format(), before.format());
        EXPECT_EQ(after.interpretation(), before.interpretation());
        EXPECT_TRUE(pixels_of(after) == pixels_of(before));
        EXPECT_TRUE(profile_of(after) == profile_of(before));
        profiles += profile_of(after).empty() ? 0 : 1;
    }
    EXPECT_EQ(profiles, 3);
}

TEST_F(BareFile, OfABareFileIsItself) {
    for (const auto& [name, sample] : samples_of_each_kind()) {
        const auto once = bare_file(sample.format, sample.bytes);
        ASSERT_TRUE(once) << name;
        const auto again = bare_file(sample.format, *once);
        ASSERT_TRUE(again) << name;
        EXPECT_TRUE(*once == *again) << name;
    }
}

TEST_F(BareFile, IsNotMadeOfAFileThatWasCutOff) {
    for (const auto& [name, sample] : samples_of_each_kind()) {
        for (std::size_t bytes = 0; bytes < sample.bytes.size(); bytes += 97) {
            const auto bare = bare_file(sample.format, std::string_view(sample.bytes).substr(0, bytes));
            ASSERT_FALSE(bare) << name << " cut to " << bytes << " of " << sample.bytes.size();
        }
        const std::size_t all_but_one = sample.bytes.size() - 1;
        EXPECT_FALSE(bare_file(sample.format, std::string_view(sample.bytes).substr(0, all_but_one))) << name;
    }
}

// Method: bytes turned at random places, most of them where lengths and names stand. Whatever comes of it
// stays inside the file (the sanitizers watch) and is bare: a second time changes nothing.
TEST_F(BareFile, OfADamagedFileIsBareOrNone) {
    int kept = 0, refused = 0;
    for (const auto& [name, sample] : samples_of_each_kind()) {
        for (std::uint32_t seed = 0; seed < 200; ++seed) {
            std::mt19937 random(seed);
            std::string bytes = sample.bytes;
            const std::size_t reach = seed % 2 == 0 ? std::size_t{120} : bytes.size();
            for (int i = 0; i < 3; ++i) bytes[random() % reach] = static_cast<char>(random());
            const auto bare = bare_file(sample.format, bytes);
            if (!bare) {
                ++refused;
                continue;
            }
            ++kept;
            const auto again = bare_file(sample.format, *bare);
            ASSERT_TRUE(again) << name << " " << seed;
            ASSERT_TRUE(*bare == *again) << name << " " << seed;
        }
    }
    EXPECT_GT(kept, 500);
    EXPECT_GT(refused, 500);
}

TEST_F(BareFile, IsMadeOfThreeFormatsOnly) {
    for (const auto format : {ImageFormat::gif, ImageFormat::tiff, ImageFormat::heic, ImageFormat::avif})
        EXPECT_EQ(bare_file(format, "anything").error(), BareFileError::other_format);
    for (const auto format : {ImageFormat::png, ImageFormat::jpeg, ImageFormat::webp}) {
        for (const char* text : {"", "\xff", "\x89PNG", "RIFF", "<svg/>", "some text that is long enough"})
            EXPECT_FALSE(bare_file(format, text)) << text;
    }
}

}  // namespace
}  // namespace darkroom::imaging
