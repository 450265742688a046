// PNG files made by hand for tests of the gateway's side, which has no image library: uncompressed, so any
// size and any damage is easy to make.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>

namespace darkroom::testing {

inline std::string big_endian(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

inline std::uint32_t crc32(const std::string& bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const char c : bytes) {
        crc ^= static_cast<std::uint8_t>(c);
        for (int i = 0; i < 8; ++i) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
    return big_endian(static_cast<std::uint32_t>(data.size())) + type + data + big_endian(crc32(type + data));
}

/// zlib format with stored blocks only.
inline std::string stored_zlib(const std::string& bytes) {
    std::string out = "\x78\x01";
    std::uint32_t a = 1, b = 0;
    for (const char c : bytes) {
        a = (a + static_cast<std::uint8_t>(c)) % 65'521;
        b = (b + a) % 65'521;
    }
    constexpr std::size_t block = 65'535;
    for (std::size_t at = 0; at < bytes.size(); at += block) {
        const std::size_t part = std::min(block, bytes.size() - at);
        out += at + part == bytes.size() ? '\1' : '\0';
        out += {static_cast<char>(part), static_cast<char>(part >> 8), static_cast<char>(~part),
                static_cast<char>(~part >> 8)};
        out += bytes.substr(at, part);
    }
    return out + big_endian(b << 16 | a);
}

inline std::string png_header(std::uint32_t width, std::uint32_t height) {
    return "\x89PNG\r\n\x1a\n" +
           png_chunk("IHDR", big_endian(width) + big_endian(height) + std::string("\x08\x02\0\0\0", 5));
}

inline std::string png_of_rows(std::uint32_t width, std::uint32_t height, const std::string& rows) {
    return png_header(width, height) + png_chunk("IDAT", stored_zlib(rows)) + png_chunk("IEND", "");
}

/// RGB: black with a white square around the middle, of a quarter of the shorter side.
inline std::string stored_mask(std::uint32_t width, std::uint32_t height) {
    std::string rows;
    const std::int64_t reach = std::min(width, height) / 8;
    for (std::int64_t y = 0; y < height; ++y) {
        rows += '\0';
        for (std::int64_t x = 0; x < width; ++x) {
            const std::int64_t dx = x - width / 2, dy = y - height / 2;
            const bool inside = dx >= -reach && dx < reach && dy >= -reach && dy < reach;
            rows.append(3, inside ? '\xff' : '\0');
        }
    }
    return png_of_rows(width, height, rows);
}

/// RGB: a dark disc on white with some texture.
inline std::string stored_png(std::uint32_t width, std::uint32_t height) {
    std::string rows;
    const std::int64_t radius = std::min(width, height) / 3;
    for (std::int64_t y = 0; y < height; ++y) {
        rows += '\0';
        for (std::int64_t x = 0; x < width; ++x) {
            const std::int64_t dx = x - width / 2, dy = y - height / 2;
            const bool inside = dx * dx + dy * dy < radius * radius;
            const auto shade = static_cast<char>(inside ? 40 + (x * 7 + y * 3) % 60 : 255);
            rows += {shade, inside ? '\x20' : shade, shade};
        }
    }
    return png_of_rows(width, height, rows);
}

}  // namespace darkroom::testing
