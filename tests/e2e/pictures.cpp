#include "tests/e2e/pictures.h"

#include <algorithm>
#include <array>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tools/pictures/picture_file.h"
#include "tools/shots/product_shot.h"

namespace darkroom::e2e {
namespace {

constexpr std::size_t stored_block_max = 65'535;

std::string big_endian(std::uint32_t number) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift & 0xff));
    return bytes;
}

// CRC-32 of ISO 3309, as PNG wants it (ISO 15948 annex D).
std::uint32_t crc32(std::string_view bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const char c : bytes) {
        crc ^= static_cast<std::uint8_t>(c);
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
    }
    return ~crc;
}

std::uint32_t adler32(std::string_view bytes) {
    std::uint32_t a = 1;
    std::uint32_t b = 0;
    for (const char c : bytes) {
        a = (a + static_cast<std::uint8_t>(c)) % 65'521;
        b = (b + a) % 65'521;
    }
    return b << 16 | a;
}

std::string chunk(const std::string& type, const std::string& content) {
    return big_endian(static_cast<std::uint32_t>(content.size())) + type + content +
           big_endian(crc32(type + content));
}

// A zlib stream of stored blocks (RFC 1950, RFC 1951 §3.2.4): no compressor needed.
std::string stored(std::string_view bytes) {
    std::string stream("\x78\x01", 2);
    const auto sum = adler32(bytes);
    do {
        const auto size = std::min(bytes.size(), stored_block_max);
        stream.push_back(size == bytes.size() ? '\1' : '\0');
        for (const auto number : {size, ~size}) {
            stream.push_back(static_cast<char>(number & 0xff));
            stream.push_back(static_cast<char>(number >> 8 & 0xff));
        }
        stream.append(bytes.substr(0, size));
        bytes.remove_prefix(size);
    } while (!bytes.empty());
    return stream + big_endian(sum);
}

std::string png(std::uint32_t width, std::uint32_t height, std::string_view scanlines) {
    const std::string rgb_8_bit("\x08\x02\x00\x00\x00", 5);
    return std::string("\x89PNG\r\n\x1a\n", 8) +
           chunk("IHDR", big_endian(width) + big_endian(height) + rgb_8_bit) +
           chunk("IDAT", stored(scanlines)) + chunk("IEND", "");
}

}  // namespace

std::string disc_png(std::uint32_t width, std::uint32_t height, std::uint32_t seed) {
    const auto radius = static_cast<std::int64_t>(std::min(width, height)) * 3 / 8;
    const std::array<char, 3> colour{static_cast<char>(20 + seed * 37 % 150),
                                     static_cast<char>(30 + seed * 61 % 120),
                                     static_cast<char>(25 + seed * 13 % 160)};
    std::string lines;
    lines.reserve((std::size_t{3} * width + 1) * height);
    for (std::uint32_t y = 0; y < height; ++y) {
        lines.push_back('\0');  // no filter
        for (std::uint32_t x = 0; x < width; ++x) {
            const auto dx = static_cast<std::int64_t>(x) - width / 2;
            const auto dy = static_cast<std::int64_t>(y) - height / 2;
            const bool inside = dx * dx + dy * dy < radius * radius;
            for (const char c : colour) lines.push_back(inside ? c : '\xff');
        }
    }
    return png(width, height, lines);
}

std::string claiming_png(std::uint32_t width, std::uint32_t height) {
    return png(width, height, std::string(900, '\0'));
}

std::string shot(const std::string& ending, int side, std::uint64_t seed) {
    shots::ShotPlan plan;
    plan.size = {side, side};
    plan.seed = seed;
    const testing::TempDir folder;
    const auto path = folder.path() / ("shot" + ending);
    const auto written = pictures::write_picture(shots::draw_product_shot(plan).picture, path);
    return written ? testing::read_file(path) : std::string();
}

std::string damaged(std::string bytes, std::size_t from, std::size_t to) {
    for (auto i = from; i < std::min(to, bytes.size()); ++i) bytes[i] = static_cast<char>(~bytes[i]);
    return bytes;
}

PictureSize decoded_size(const std::string& bytes, const std::string& ending) {
    const testing::TempDir folder;
    const auto path = folder.path() / ("picture" + ending);
    testing::write_file(path, bytes);
    const auto picture = pictures::read_picture(path);
    if (!picture) return {};
    return {picture->cols, picture->rows, picture->channels()};
}

}  // namespace darkroom::e2e
