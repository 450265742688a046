// Bounded reading of header fields: each read either yields the bytes that are there or throws HeaderStop,
// which read_image_header() turns into its error. The budget ends walks through endless chunk lists. Private
// to the image_header family.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/image_header.h"

namespace darkroom::core::image_header {

/// Ends the reading of a header; never leaves the family.
struct HeaderStop {
    ImageHeaderError error;
};

[[noreturn]] inline void stop(ImageHeaderError error) { throw HeaderStop{error}; }
[[noreturn]] inline void stop_corrupt() { stop(ImageHeaderError::corrupt); }
inline void require(bool holds) {
    if (!holds) stop_corrupt();
}

class HeaderReader {
public:
    explicit HeaderReader(ByteSource& source) : source_(source) {}

    std::uint8_t u8(std::uint64_t at);
    std::uint16_t u16be(std::uint64_t at);
    std::uint32_t u24le(std::uint64_t at);
    std::uint32_t u32be(std::uint64_t at);
    std::uint64_t u64be(std::uint64_t at);
    std::uint16_t u16le(std::uint64_t at);
    std::uint32_t u32le(std::uint64_t at);
    std::uint64_t u64le(std::uint64_t at);
    /// True if the bytes at `at` are exactly `text`; false also where the file ends before.
    bool matches(std::uint64_t at, std::string_view text);
    bool has(std::uint64_t at);

private:
    std::uint64_t integer(std::uint64_t at, int bytes, bool big_endian);
    std::optional<std::uint8_t> byte_at(std::uint64_t at);

    ByteSource& source_;
    std::array<std::uint8_t, 512> window_{};
    std::uint64_t window_at_ = 0;
    std::size_t window_bytes_ = 0;
    int reads_left_ = 4096;
};

/// Fields of a TIFF directory, which is also how EXIF is written. Offsets count from `base`.
struct TiffFields {
    std::optional<std::uint32_t> width, height;
    int orientation = 1;
    int bits_per_channel = 8;
    std::uint64_t profile_bytes = 0;
    bool camera_raw = false;  // DNG and its kind look like TIFF and are not pictures yet
};
TiffFields read_tiff_directory(HeaderReader& reader, std::uint64_t base);
/// Orientation from an EXIF block; 1 where it says nothing or nonsense, because a broken EXIF must not cost
/// the picture.
int read_exif_orientation(HeaderReader& reader, std::uint64_t base);

ImageHeader read_jpeg(HeaderReader& reader);
ImageHeader read_png(HeaderReader& reader);
ImageHeader read_webp(HeaderReader& reader);
ImageHeader read_gif(HeaderReader& reader);
ImageHeader read_tiff(HeaderReader& reader);
ImageHeader read_heif(HeaderReader& reader);  // HEIC and AVIF

}  // namespace darkroom::core::image_header
