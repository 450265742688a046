// Numbers inside the bytes of a file; whoever asks has checked that the bytes are there.
#pragma once
#include <cstdint>
#include <string_view>

namespace darkroom::imaging {

inline std::uint32_t u8_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}
inline std::uint32_t u16be_at(std::string_view bytes, std::size_t at) {
    return u8_at(bytes, at) << 8 | u8_at(bytes, at + 1);
}
inline std::uint32_t u32be_at(std::string_view bytes, std::size_t at) {
    return u16be_at(bytes, at) << 16 | u16be_at(bytes, at + 2);
}
inline std::uint32_t u32le_at(std::string_view bytes, std::size_t at) {
    return u8_at(bytes, at) | u8_at(bytes, at + 1) << 8 | u8_at(bytes, at + 2) << 16 |
           u8_at(bytes, at + 3) << 24;
}

}  // namespace darkroom::imaging
