// TIFF 6.0, BigTIFF, and the same directory inside EXIF. Only the first directory is read: the first page.
#include "core/image_header_reader.h"

namespace darkroom::core::image_header {
namespace {

constexpr std::uint64_t entries_max = 2'000;

enum Tag : std::uint16_t {
    tag_width = 256,
    tag_height = 257,
    tag_bits = 258,
    tag_orientation = 274,
    tag_profile = 34675,
    tag_dng_version = 50706,
};

// Byte order and the two widths of TIFF: 32-bit offsets and counts, or 64-bit ones in BigTIFF.
struct Layout {
    HeaderReader& reader;
    std::uint64_t base;
    bool little;
    bool big_tiff;

    std::uint16_t u16(std::uint64_t at) const {
        return little ? reader.u16le(base + at) : reader.u16be(base + at);
    }
    std::uint32_t u32(std::uint64_t at) const {
        return little ? reader.u32le(base + at) : reader.u32be(base + at);
    }
    std::uint64_t u64(std::uint64_t at) const {
        return little ? reader.u64le(base + at) : reader.u64be(base + at);
    }
    std::uint64_t offset(std::uint64_t at) const { return big_tiff ? u64(at) : u32(at); }
    std::uint64_t entry_bytes() const { return big_tiff ? 20 : 12; }
    std::uint64_t value_at(std::uint64_t entry) const { return entry + (big_tiff ? 12 : 8); }
};

struct Entry {
    std::uint16_t tag;
    std::uint16_t type;
    std::uint64_t count;
    std::uint64_t value_at;
};

constexpr std::uint16_t type_short = 3, type_long = 4;

Layout read_layout(HeaderReader& reader, std::uint64_t base) {
    const std::uint16_t order = reader.u16be(base);
    require(order == 0x4949 || order == 0x4d4d);
    Layout layout{reader, base, order == 0x4949, false};
    const std::uint16_t magic = layout.u16(2);
    require(magic == 42 || magic == 43);
    layout.big_tiff = magic == 43;
    if (layout.big_tiff) require(layout.u16(4) == 8 && layout.u16(6) == 0);
    return layout;
}

std::optional<std::uint32_t> small_value(const Layout& layout, const Entry& entry) {
    if (entry.type == type_short && entry.count >= 1) {
        // More than fit beside the tag are stored elsewhere; the first is enough (bits per sample).
        const std::uint64_t inline_count = layout.big_tiff ? 4 : 2;
        return layout.u16(entry.count <= inline_count ? entry.value_at : layout.offset(entry.value_at));
    }
    if (entry.type == type_long && entry.count == 1) return layout.u32(entry.value_at);
    return std::nullopt;
}

void read_entry(const Layout& layout, const Entry& entry, TiffFields& fields) {
    switch (entry.tag) {
        case tag_width:
            fields.width = small_value(layout, entry);
            break;
        case tag_height:
            fields.height = small_value(layout, entry);
            break;
        case tag_bits:
            fields.bits_per_channel = static_cast<int>(small_value(layout, entry).value_or(8));
            break;
        case tag_orientation: {
            const std::uint32_t value = small_value(layout, entry).value_or(1);
            fields.orientation = value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
            break;
        }
        case tag_profile:
            fields.profile_bytes = entry.count;
            break;
        case tag_dng_version:
            fields.camera_raw = true;
            break;
        default:
            break;
    }
}

}  // namespace

TiffFields read_tiff_directory(HeaderReader& reader, std::uint64_t base) {
    const Layout layout = read_layout(reader, base);
    const std::uint64_t directory = layout.offset(layout.big_tiff ? 8 : 4);
    require(directory >= 8);
    const std::uint64_t entries = layout.big_tiff ? layout.u64(directory) : layout.u16(directory);
    require(entries <= entries_max);
    const std::uint64_t first = directory + (layout.big_tiff ? 8 : 2);
    TiffFields fields;
    for (std::uint64_t i = 0; i < entries; ++i) {
        const std::uint64_t at = first + i * layout.entry_bytes();
        const std::uint64_t count = layout.big_tiff ? layout.u64(at + 4) : layout.u32(at + 4);
        read_entry(layout, {layout.u16(at), layout.u16(at + 2), count, layout.value_at(at)}, fields);
    }
    return fields;
}

int read_exif_orientation(HeaderReader& reader, std::uint64_t base) {
    try {
        return read_tiff_directory(reader, base).orientation;
    } catch (const HeaderStop&) {
        return 1;
    }
}

ImageHeader read_tiff(HeaderReader& reader) {
    const TiffFields fields = read_tiff_directory(reader, 0);
    // DNG and CR2 are sensor data in a TIFF's clothes; their first directory is only a small preview.
    if (fields.camera_raw || reader.matches(8, "CR")) stop(ImageHeaderError::unsupported_format);
    require(fields.width && fields.height);
    ImageHeader header;
    header.format = ImageFormat::tiff;
    header.width = *fields.width;
    header.height = *fields.height;
    header.orientation = fields.orientation;
    header.bits_per_channel = fields.bits_per_channel;
    header.profile_bytes = fields.profile_bytes;
    return header;
}

}  // namespace darkroom::core::image_header
