// JPEG (ITU-T T.81 annex B): markers FF xx, each but SOI with a length, up to the frame header that holds the
// size.
#include "core/image_header_reader.h"

namespace darkroom::core::image_header {
namespace {

using namespace std::string_view_literals;

bool is_frame_header(std::uint8_t marker) {
    // C4, C8 and CC are tables and an extension; the other Cx start a frame.
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

bool is_progressive(std::uint8_t marker) { return (marker & 3) == 2; }

void read_frame_header(HeaderReader& reader, std::uint64_t at, std::uint8_t marker, ImageHeader& header) {
    header.bits_per_channel = reader.u8(at + 2);
    header.height = reader.u16be(at + 3);
    header.width = reader.u16be(at + 5);
    header.progressive = is_progressive(marker);
}

void read_segment(HeaderReader& reader, std::uint64_t at, std::uint8_t marker, std::uint16_t length,
                  ImageHeader& header, bool& exif_seen) {
    if (marker == 0xe2 && reader.matches(at + 2, "ICC_PROFILE\0"sv)) {
        header.profile_bytes += length;
        return;
    }
    if (marker == 0xfe || (marker >= 0xe0 && marker <= 0xef)) header.metadata_bytes += length;
    if (marker == 0xe1 && !exif_seen && reader.matches(at + 2, "Exif\0"sv)) {
        exif_seen = true;
        header.orientation = read_exif_orientation(reader, at + 8);
    }
}

}  // namespace

ImageHeader read_jpeg(HeaderReader& reader) {
    ImageHeader header;
    header.format = ImageFormat::jpeg;
    bool exif_seen = false;
    std::uint64_t at = 2;
    for (;;) {
        require(reader.u8(at) == 0xff);
        while (reader.u8(at) == 0xff) ++at;  // any number of fill bytes may stand before the code
        const std::uint8_t marker = reader.u8(at++);
        require(marker >= 0xc0 && marker != 0xd8 && marker != 0xd9 && marker != 0xda);
        if (marker >= 0xd0 && marker <= 0xd7) continue;
        const std::uint16_t length = reader.u16be(at);
        require(length >= 2);
        if (is_frame_header(marker)) {
            read_frame_header(reader, at, marker, header);
            return header;
        }
        read_segment(reader, at, marker, length, header, exif_seen);
        at += length;
    }
}

}  // namespace darkroom::core::image_header
