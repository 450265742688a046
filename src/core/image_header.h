// What a picture file says about itself before any pixel is decoded: format, size, orientation, and what
// could make decoding expensive. Read with bounds on every step from bytes that a stranger sent; links no
// image library, so the gateway can refuse a bomb without touching a decoder. Whether the pixels are sound is
// left to the pixel process.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace darkroom::core {

enum class ImageFormat { jpeg, png, webp, gif, tiff, heic, avif };

std::string_view content_type(ImageFormat format);    // as image/jpeg
std::string_view file_extension(ImageFormat format);  // as jpg
std::string_view format_name(ImageFormat format);     // for people, as JPEG

struct ImageHeader {
    ImageFormat format = ImageFormat::jpeg;
    std::uint32_t width = 0;  // as stored, before orientation; never 0
    std::uint32_t height = 0;
    int orientation = 1;  // EXIF 1..8; for HEIC and AVIF the file's own rotation
    int bits_per_channel = 8;
    bool animated = false;             // APNG, animated WebP, HEIC and AVIF sequences; a GIF is never asked
    bool progressive = false;          // progressive JPEG or interlaced PNG: decoded whole, in memory
    std::uint64_t profile_bytes = 0;   // ICC, as stored
    std::uint64_t bytes_needed = 0;    // how long the file must be by its own word; 0 where it does not say
    std::uint64_t metadata_bytes = 0;  // everything else that is not pixels, as far as it stands before them

    bool turned() const { return orientation >= 5; }
    std::uint32_t oriented_width() const { return turned() ? height : width; }
    std::uint32_t oriented_height() const { return turned() ? width : height; }
    std::uint64_t pixels() const { return std::uint64_t{width} * height; }
};

enum class ImageHeaderError {
    empty,               // no bytes at all
    unsupported_format,  // not one of ImageFormat, whatever the file is called
    truncated,           // the bytes end inside the header
    corrupt,             // says something that cannot be true
};

/// Where header bytes come from: a file, or a prefix in memory. Files are read at a few places, not as a
/// whole.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// Copies what there is at `offset`, up to into.size(), and returns how much; less than asked means the
    /// end.
    virtual std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
};

/// Bytes that are already in memory. They must outlive the source.
class MemorySource final : public ByteSource {
public:
    explicit MemorySource(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> into) override;

private:
    std::span<const std::uint8_t> bytes_;
};

/// Reads at most some hundred KiB of `source`, whatever it claims. Never throws.
Result<ImageHeader, ImageHeaderError> read_image_header(ByteSource& source);
/// The same for a prefix of a file. A prefix that ends before the size is known reads as truncated.
Result<ImageHeader, ImageHeaderError> read_image_header(std::span<const std::uint8_t> prefix);

}  // namespace darkroom::core
