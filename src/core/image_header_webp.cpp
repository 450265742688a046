// WebP (RFC 9649): RIFF chunks. A simple file is one VP8 (lossy) or VP8L (lossless) chunk; an extended one
// starts with VP8X, which holds the canvas, and may carry EXIF after the pixels. GIF is small enough to stand
// here too.
#include "core/image_header_reader.h"

namespace darkroom::core::image_header {
namespace {

using namespace std::string_view_literals;

constexpr int chunks_max = 64;

void read_lossy(HeaderReader& reader, std::uint64_t data, ImageHeader& header) {
    require((reader.u8(data) & 1) == 0);  // a key frame
    (void)reader.u24le(data + 3);
    require(reader.matches(data + 3, "\x9d\x01\x2a"sv));
    header.width = reader.u16le(data + 6) & 0x3fff;
    header.height = reader.u16le(data + 8) & 0x3fff;
}

void read_lossless(HeaderReader& reader, std::uint64_t data, ImageHeader& header) {
    require(reader.u8(data) == 0x2f);
    const std::uint32_t bits = reader.u32le(data + 1);
    require(bits >> 29 == 0);  // version 0
    header.width = (bits & 0x3fff) + 1;
    header.height = (bits >> 14 & 0x3fff) + 1;
}

void read_extended(HeaderReader& reader, std::uint64_t data, ImageHeader& header) {
    header.animated = (reader.u8(data) & 0x02) != 0;
    header.width = reader.u24le(data + 4) + 1;
    header.height = reader.u24le(data + 7) + 1;
}

// Walks the chunks of an extended file: pixels must be there, and EXIF may follow them.
void read_extended_chunks(HeaderReader& reader, ImageHeader& header) {
    bool pixels = false;
    std::uint64_t at = 30;
    for (int chunk = 0; chunk < chunks_max; ++chunk) {
        // What stands behind the declared end is not part of the picture.
        if (pixels && (at + 8 > header.bytes_needed || !reader.has(at + 7))) return;
        const std::uint32_t length = reader.u32le(at + 4);
        if (reader.matches(at, "VP8 "sv) || reader.matches(at, "VP8L"sv) || reader.matches(at, "ANMF"sv)) {
            pixels = true;
            if (header.animated) return;
        } else if (reader.matches(at, "ICCP"sv)) {
            header.profile_bytes += length;
        } else {
            if (!reader.matches(at, "ALPH"sv)) header.metadata_bytes += length;
            // Some writers put the JPEG's "Exif\0\0" before the block.
            const std::uint64_t exif = reader.matches(at + 8, "Exif\0\0"sv) ? at + 14 : at + 8;
            if (reader.matches(at, "EXIF"sv)) header.orientation = read_exif_orientation(reader, exif);
        }
        at += 8 + std::uint64_t{length} + (length & 1);
    }
    require(pixels);
}

}  // namespace

ImageHeader read_webp(HeaderReader& reader) {
    ImageHeader header;
    header.format = ImageFormat::webp;
    header.bytes_needed = std::uint64_t{reader.u32le(4)} + 8;
    (void)reader.u32le(16);
    if (reader.matches(12, "VP8 "sv)) {
        read_lossy(reader, 20, header);
    } else if (reader.matches(12, "VP8L"sv)) {
        read_lossless(reader, 20, header);
    } else {
        require(reader.matches(12, "VP8X"sv));
        read_extended(reader, 20, header);
        read_extended_chunks(reader, header);
    }
    return header;
}

ImageHeader read_gif(HeaderReader& reader) {
    ImageHeader header;
    header.format = ImageFormat::gif;
    header.width = reader.u16le(6);
    header.height = reader.u16le(8);
    (void)reader.u8(12);
    return header;
}

}  // namespace darkroom::core::image_header
