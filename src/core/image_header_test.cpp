#include "core/image_header.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/image_header_limits.h"

namespace darkroom::core {
namespace {

using namespace std::string_literals;

std::string be16(unsigned value) { return {char(value >> 8), char(value)}; }
std::string be32(unsigned value) { return be16(value >> 16) + be16(value & 0xffff); }
std::string le16(unsigned value) { return {char(value), char(value >> 8)}; }
std::string le32(unsigned value) { return le16(value & 0xffff) + le16(value >> 16); }
std::string le24(unsigned value) { return le32(value).substr(0, 3); }

std::string exif(unsigned orientation) {
    return "MM\0*"s + be32(8) + be16(1) + be16(274) + be16(3) + be32(1) + be16(orientation) + be16(0) +
           be32(0);
}
std::string jpeg_segment(unsigned char marker, const std::string& data) {
    return "\xff"s + char(marker) + be16(unsigned(data.size()) + 2) + data;
}
std::string jpeg(unsigned width, unsigned height, unsigned orientation, unsigned char frame = 0xc0) {
    return "\xff\xd8"s + jpeg_segment(0xe0, "JFIF\0\1\2\0\0\1\0\1\0\0"s) +
           jpeg_segment(0xe1, "Exif\0\0"s + exif(orientation)) +
           jpeg_segment(0xe2, "ICC_PROFILE\0\1\1"s + "profile"s) + "\xff\xff\xff"s +
           jpeg_segment(frame, "\x08"s + be16(height) + be16(width) + "\1\1\x11\0"s).substr(1);
}
std::string png_chunk(const std::string& type, const std::string& data) {
    return be32(unsigned(data.size())) + type + data + be32(0);
}
std::string png(unsigned width, unsigned height, const std::string& extra = "") {
    return "\x89PNG\r\n\x1a\n"s + png_chunk("IHDR", be32(width) + be32(height) + "\x08\x06\0\0\0"s) + extra +
           png_chunk("IDAT", "data");
}
std::string riff(const std::string& chunks) {
    return "RIFF"s + le32(unsigned(chunks.size()) + 4) + "WEBP" + chunks;
}
std::string webp_chunk(const std::string& type, std::string data) {
    const unsigned bytes = unsigned(data.size());
    if (bytes & 1) data += '\0';
    return type + le32(bytes) + data;
}
std::string vp8(unsigned width, unsigned height) {
    return webp_chunk("VP8 ", "\x10\0\0\x9d\x01\x2a"s + le16(width) + le16(height) + "rest");
}
std::string vp8x(unsigned width, unsigned height, char flags, const std::string& chunks) {
    return riff(webp_chunk("VP8X", flags + "\0\0\0"s + le24(width - 1) + le24(height - 1)) + chunks);
}
std::string vp8l(unsigned width, unsigned height) {
    return riff(webp_chunk("VP8L", "\x2f"s + le32((width - 1) | (height - 1) << 14) + "rest"));
}
std::string tiff(unsigned width, unsigned height, unsigned orientation) {
    return "II*\0"s + le32(8) + le16(4) + le16(256) + le16(4) + le32(1) + le32(width) + le16(257) + le16(3) +
           le32(1) + le32(height) + le16(258) + le16(3) + le32(3) + le32(62) + le16(274) + le16(3) + le32(1) +
           le32(orientation) + le32(0) + le16(16) + le16(16) + le16(16);
}
std::string box(const std::string& type, const std::string& data) {
    return be32(unsigned(data.size()) + 8) + type + data;
}
std::string heif(const std::string& brand, unsigned width, unsigned height, char quarter_turns) {
    const std::string ipco = box("ipco", box("ispe", be32(0) + be32(99) + be32(99)) +
                                             box("ispe", be32(0) + be32(width) + be32(height)) +
                                             box("irot", std::string(1, quarter_turns)));
    const std::string ipma = box("ipma", be32(0) + be32(2) + be16(1) + "\1\1"s + be16(2) + "\2\2\x83"s);
    return box("ftyp", brand + be32(0) + "mif1" + brand) +
           box("meta", be32(0) + box("pitm", be32(0) + be16(2)) + box("iprp", ipco + ipma));
}

auto read(const std::string& bytes) {
    return read_image_header(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

struct Sample {
    std::string name;
    std::string bytes;
    ImageFormat format;
    int orientation;
};

std::vector<Sample> samples() {
    return {
        {"jpeg", jpeg(640, 480, 6), ImageFormat::jpeg, 6},
        {"png", png(640, 480, png_chunk("eXIf", exif(3))), ImageFormat::png, 3},
        {"webp lossy", riff(vp8(640, 480)), ImageFormat::webp, 1},
        {"webp lossless", vp8l(640, 480), ImageFormat::webp, 1},
        {"webp extended", vp8x(640, 480, 8, vp8(640, 480) + webp_chunk("EXIF", exif(8))), ImageFormat::webp,
         8},
        {"gif", "GIF89a"s + le16(640) + le16(480) + "\0\0\0"s, ImageFormat::gif, 1},
        {"tiff", tiff(640, 480, 5), ImageFormat::tiff, 5},
        {"heic", heif("heic", 640, 480, 1), ImageFormat::heic, 8},
        {"avif", heif("avif", 640, 480, 3), ImageFormat::avif, 6},
    };
}

TEST(ImageHeader, TellsFormatSizeAndOrientationOfEachFormat) {
    for (const auto& sample : samples()) {
        SCOPED_TRACE(sample.name);
        const auto header = read(sample.bytes);
        ASSERT_TRUE(header);
        EXPECT_EQ(header->format, sample.format);
        EXPECT_EQ(header->width, 640u);
        EXPECT_EQ(header->height, 480u);
        EXPECT_EQ(header->orientation, sample.orientation);
        EXPECT_EQ(header->oriented_width(), sample.orientation >= 5 ? 480u : 640u);
    }
    EXPECT_EQ(read(tiff(640, 480, 1))->bits_per_channel, 16);
}

// A cut file may still hold its whole header; but it must never be told a size that is not its own.
TEST(ImageHeader, CutAtEveryByteIsTruncatedOrStillRight) {
    for (const auto& sample : samples()) {
        for (std::size_t bytes = 0; bytes < sample.bytes.size(); ++bytes) {
            SCOPED_TRACE(sample.name + " cut at " + std::to_string(bytes));
            const auto header = read(sample.bytes.substr(0, bytes));
            if (header) {
                EXPECT_EQ(header->width, 640u);
                EXPECT_EQ(header->height, 480u);
            } else if (bytes == 0) {
                EXPECT_EQ(header.error(), ImageHeaderError::empty);
            } else if (bytes >= 12) {
                EXPECT_NE(header.error(), ImageHeaderError::empty);
                EXPECT_NE(header.error(), ImageHeaderError::unsupported_format);
            }
        }
    }
}

TEST(ImageHeader, RandomDamageNeitherCrashesNorHangsNorYieldsAnEmptyPicture) {
    const auto all = samples();
    int read_fine = 0;
    for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
        std::mt19937 random(seed);
        std::string bytes = all[random() % all.size()].bytes;
        for (unsigned flips = 1 + random() % 8; flips > 0; --flips)
            bytes[random() % bytes.size()] = char(random());
        const auto header = read(bytes);
        if (!header) continue;
        ++read_fine;
        ASSERT_GT(header->width, 0u) << seed;
        ASSERT_GT(header->height, 0u) << seed;
        ASSERT_GE(header->orientation, 1) << seed;
        ASSERT_LE(header->orientation, 8) << seed;
    }
    EXPECT_GT(read_fine, 1'000);  // damage to what is not read must not cost the picture
}

TEST(ImageHeader, WhatIsNotAPictureIsRefusedWhateverItsName) {
    const std::string others[] = {
        "Hello, this is a text file named photo.jpg.\n",
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"10\"></svg>",
        "<?xml version=\"1.0\"?><!DOCTYPE svg>",
        "%PDF-1.7\n%abcdefgh",
        "PK\3\4 a zip archive",
        "<!doctype html><title>no</title>",
        "8BPS\0\1 photoshop file"s,
        "BM a windows bitmap....",
        box("ftyp", "isom" + be32(0) + "isommp42"),
        "\0\0\1\0\1\0 icon"s + png(16, 16),
        std::string(4'096, '\0'),
    };
    for (const auto& bytes : others) {
        const auto header = read(bytes);
        ASSERT_FALSE(header) << bytes;
        EXPECT_EQ(header.error(), ImageHeaderError::unsupported_format) << bytes;
    }
}

TEST(ImageHeader, NonsenseOrientationsMeanUpright) {
    for (const unsigned orientation : {0u, 9u, 65'535u})
        EXPECT_EQ(read(jpeg(32, 16, orientation))->orientation, 1);
    const auto broken_exif =
        "\xff\xd8"s + jpeg_segment(0xe1, "Exif\0\0garbage!"s) + jpeg(32, 16, 1).substr(2);
    EXPECT_EQ(read(broken_exif)->orientation, 1);
}

TEST(ImageHeader, AnimationProgressionAndProfilesAreTold) {
    EXPECT_TRUE(read(png(32, 32, png_chunk("acTL", be32(9) + be32(0))))->animated);
    EXPECT_TRUE(read(vp8x(32, 32, 2, webp_chunk("ANIM", "xxxxxx") + webp_chunk("ANMF", "frames")))->animated);
    EXPECT_TRUE(read(heif("avis", 32, 32, 0))->animated);
    EXPECT_TRUE(read(jpeg(32, 32, 1, 0xc2))->progressive);
    EXPECT_GT(read(jpeg(32, 32, 1))->profile_bytes, 0u);
    EXPECT_EQ(read(png(32, 32, png_chunk("iCCP", std::string(500, 'x'))))->profile_bytes, 500u);
}

TEST(ImageHeader, AWebpShorterThanItSaysIsCutOff) {
    const std::string whole = vp8x(32, 32, 0, vp8(32, 32));
    const auto header = read(whole);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->bytes_needed, whole.size());
    EXPECT_FALSE(check_image_limits(*header, whole.size(), {}));
    EXPECT_EQ(check_image_limits(*header, whole.size() - 1, {})->code, ErrorCode::input_unreadable);
    EXPECT_FALSE(check_image_limits(*read(whole + std::string(100'000, 'j')), 200'000, {}));
}

TEST(ImageHeader, ChunkListsWithoutEndAreGivenUp) {
    std::string many;
    for (int i = 0; i < 100'000; ++i) many += png_chunk("tEXt", "k");
    EXPECT_EQ(read(png(32, 32, many)).error(), ImageHeaderError::corrupt);
    std::string segments = "\xff\xd8"s;
    for (int i = 0; i < 10'000; ++i) segments += jpeg_segment(0xe5, std::string(600, 'x'));
    EXPECT_EQ(read(segments + jpeg(32, 32, 1).substr(2)).error(), ImageHeaderError::corrupt);
    // A directory that points at itself is simply read as a directory: nothing follows pointers twice.
    EXPECT_FALSE(read("II*\0"s + le32(0) + std::string(64, '\0')));
}

ErrorCode refusal(const std::string& bytes, ImageLimits limits = {}, std::uint64_t file_bytes = 1'000'000) {
    const auto header = read(bytes);
    const auto refused = check_image_limits(*header, file_bytes, limits);
    return refused ? refused->code : ErrorCode::cancelled;  // cancelled stands for "taken in"
}

TEST(ImageLimits, EachLimitHasItsOwnSidesAndCode) {
    constexpr auto taken = ErrorCode::cancelled;
    EXPECT_EQ(refusal(png(8'192, 8'192), {}, 40'000'000), taken);
    EXPECT_EQ(refusal(png(16'384, 4'096), {}, 40'000'000), taken);
    EXPECT_EQ(refusal(png(16'385, 100)), ErrorCode::input_too_large);
    EXPECT_EQ(refusal(png(30'000, 20)), ErrorCode::input_too_large);
    EXPECT_EQ(refusal(png(65'535, 65'535)), ErrorCode::input_too_large);
    EXPECT_EQ(refusal(png(8'192, 8'193), {}, 40'000'000), ErrorCode::input_too_large);
    EXPECT_EQ(refusal(png(16, 16)), taken);
    EXPECT_EQ(refusal(png(15, 16)), ErrorCode::input_too_small);
    EXPECT_EQ(refusal(png(1, 65'535)), ErrorCode::input_too_large);
    EXPECT_EQ(refusal(png(64, 64), {}, 50'000'001), ErrorCode::input_too_large);
    EXPECT_EQ(refusal(png(64, 64, png_chunk("acTL", "12345678"))), ErrorCode::input_animated);
    EXPECT_EQ(refusal(jpeg(5'001, 5'000, 1, 0xc2)), ErrorCode::input_too_large);
    EXPECT_EQ(refusal(jpeg(5'000, 5'000, 1, 0xc2)), taken);
    EXPECT_EQ(refusal(vp8l(16'000, 4'000), {}, 300), ErrorCode::input_too_large);
    EXPECT_EQ(refusal(vp8l(3'000, 3'000), {}, 300), taken);
    ImageLimits no_heic;
    no_heic.heic = false;
    EXPECT_EQ(refusal(heif("heic", 64, 64, 0)), taken);
    EXPECT_EQ(refusal(heif("heic", 64, 64, 0), no_heic), ErrorCode::input_unsupported_format);
    EXPECT_EQ(refusal(heif("avif", 64, 64, 0), no_heic), taken);
}

TEST(ImageLimits, EveryHeaderErrorHasWordsForTheOwner) {
    for (const auto error : {ImageHeaderError::empty, ImageHeaderError::unsupported_format,
                             ImageHeaderError::truncated, ImageHeaderError::corrupt}) {
        EXPECT_FALSE(describe(error).message.empty());
    }
    EXPECT_EQ(describe(ImageHeaderError::unsupported_format).code, ErrorCode::input_unsupported_format);
    EXPECT_EQ(describe(ImageHeaderError::truncated).code, ErrorCode::input_unreadable);
}

}  // namespace
}  // namespace darkroom::core
