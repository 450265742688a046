#include "core/image_header_reader.h"

namespace darkroom::core::image_header {

std::optional<std::uint8_t> HeaderReader::byte_at(std::uint64_t at) {
    if (at < window_at_ || at - window_at_ >= window_bytes_) {
        if (reads_left_-- <= 0) stop_corrupt();
        window_at_ = at;
        window_bytes_ = source_.read_at(at, window_);
        if (window_bytes_ == 0) return std::nullopt;
    }
    return window_[at - window_at_];
}

std::uint64_t HeaderReader::integer(std::uint64_t at, int bytes, bool big_endian) {
    // Offsets come from the file; one near 2^64 must not wrap round to its start.
    if (at > UINT64_MAX / 2) stop_corrupt();
    (void)byte_at(at);  // places the window, so that reading backwards stays within it
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) {
        const auto byte = byte_at(at + static_cast<std::uint64_t>(big_endian ? i : bytes - 1 - i));
        if (!byte) stop(ImageHeaderError::truncated);
        value = value << 8 | *byte;
    }
    return value;
}

std::uint8_t HeaderReader::u8(std::uint64_t at) { return static_cast<std::uint8_t>(integer(at, 1, true)); }
std::uint16_t HeaderReader::u16be(std::uint64_t at) {
    return static_cast<std::uint16_t>(integer(at, 2, true));
}
std::uint32_t HeaderReader::u32be(std::uint64_t at) {
    return static_cast<std::uint32_t>(integer(at, 4, true));
}
std::uint64_t HeaderReader::u64be(std::uint64_t at) { return integer(at, 8, true); }
std::uint16_t HeaderReader::u16le(std::uint64_t at) {
    return static_cast<std::uint16_t>(integer(at, 2, false));
}
std::uint32_t HeaderReader::u24le(std::uint64_t at) {
    return static_cast<std::uint32_t>(integer(at, 3, false));
}
std::uint32_t HeaderReader::u32le(std::uint64_t at) {
    return static_cast<std::uint32_t>(integer(at, 4, false));
}
std::uint64_t HeaderReader::u64le(std::uint64_t at) { return integer(at, 8, false); }

bool HeaderReader::has(std::uint64_t at) { return byte_at(at).has_value(); }

bool HeaderReader::matches(std::uint64_t at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = byte_at(at + i);
        if (!byte || *byte != static_cast<std::uint8_t>(text[i])) return false;
    }
    return true;
}

}  // namespace darkroom::core::image_header
