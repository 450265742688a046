// PNG (third edition): signature, IHDR, then chunks of length, type, data, CRC. All that matters stands
// before IDAT.
#include "core/image_header_reader.h"

namespace darkroom::core::image_header {
namespace {

using namespace std::string_view_literals;

constexpr int chunks_max = 1'000;  // an honest file has a dozen before its pixels

void read_chunk(HeaderReader& reader, std::uint64_t at, std::uint32_t length, ImageHeader& header) {
    if (reader.matches(at + 4, "iCCP"sv)) {
        header.profile_bytes += length;
    } else if (reader.matches(at + 4, "acTL"sv)) {
        header.animated = true;
    } else if (reader.matches(at + 4, "eXIf"sv)) {
        header.orientation = read_exif_orientation(reader, at + 8);
        header.metadata_bytes += length;
    } else if (!reader.matches(at + 4, "PLTE"sv)) {
        header.metadata_bytes += length;
    }
}

}  // namespace

ImageHeader read_png(HeaderReader& reader) {
    ImageHeader header;
    header.format = ImageFormat::png;
    require(reader.u32be(8) == 13 && reader.matches(12, "IHDR"sv));
    header.width = reader.u32be(16);
    header.height = reader.u32be(20);
    require(header.width <= INT32_MAX && header.height <= INT32_MAX);
    header.bits_per_channel = reader.u8(24) == 16 ? 16 : 8;
    header.progressive = reader.u8(28) != 0;
    std::uint64_t at = 33;
    for (int chunk = 0; chunk < chunks_max; ++chunk) {
        const std::uint32_t length = reader.u32be(at);
        require(length <= INT32_MAX);
        (void)reader.u32be(at + 4);
        if (reader.matches(at + 4, "IDAT"sv)) return header;
        require(!reader.matches(at + 4, "IEND"sv));
        read_chunk(reader, at, length, header);
        at += std::uint64_t{length} + 12;
    }
    stop_corrupt();
}

}  // namespace darkroom::core::image_header
