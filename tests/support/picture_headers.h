// Files that begin as pictures do and hold no pixels: enough for whoever looks at headers alone.
#pragma once
#include <cstdint>
#include <string>

namespace darkroom::testing {

inline std::string big_endian(std::uint32_t value, int bytes) {
    std::string text;
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        text += static_cast<char>(value >> shift & 0xff);
    return text;
}

/// With `data_bytes` bytes where the pixels would be.
inline std::string png_header(std::uint32_t width, std::uint32_t height, std::size_t data_bytes = 4) {
    using namespace std::string_literals;
    const auto chunk = [](const std::string& type, const std::string& data) {
        return big_endian(static_cast<std::uint32_t>(data.size()), 4) + type + data + big_endian(0, 4);
    };
    const auto size = big_endian(width, 4) + big_endian(height, 4);
    return "\x89PNG\r\n\x1a\n"s + chunk("IHDR", size + "\x08\x06\0\0\0"s) +
           chunk("IDAT", std::string(data_bytes, 'x'));
}

inline std::string jpeg_header(std::uint32_t width, std::uint32_t height) {
    using namespace std::string_literals;
    return "\xff\xd8"s + "\xff\xc0"s + big_endian(11, 2) + "\x08"s + big_endian(height, 2) +
           big_endian(width, 2) + "\1\1\x11\0"s;
}

}  // namespace darkroom::testing
