// HEIC and AVIF (ISO/IEC 23008-12): boxes of size and type. The size of the primary item is found by
// meta -> pitm (which item), meta -> iprp -> ipma (its properties) and ipco (ispe = size, irot = rotation,
// ...).
#include <vector>

#include "core/image_header_reader.h"

namespace darkroom::core::image_header {
namespace {

using namespace std::string_view_literals;

constexpr int boxes_max = 2'000;

struct Box {
    std::uint64_t data = 0;  // first byte after size and type
    std::uint64_t end = 0;
    std::uint64_t at = 0;
};

Box read_box(HeaderReader& reader, std::uint64_t at, std::uint64_t parent_end) {
    std::uint64_t bytes = reader.u32be(at);
    (void)reader.u32be(at + 4);
    std::uint64_t head = 8;
    if (bytes == 1) {
        bytes = reader.u64be(at + 8);
        head = 16;
    } else if (bytes == 0) {
        bytes = parent_end - at;
    }
    require(bytes >= head && bytes <= parent_end - at);
    return {at + head, at + bytes, at};
}

bool is_type(HeaderReader& reader, const Box& box, std::string_view type) {
    return reader.matches(box.at + 4, type);
}

// Calls `visit` for each box between `at` and `end` until it returns true; tells whether one did.
template <class Visit>
bool find_box(HeaderReader& reader, std::uint64_t at, std::uint64_t end, Visit visit) {
    for (int i = 0; at < end; ++i) {
        require(i < boxes_max);
        const Box box = read_box(reader, at, end);
        if (visit(box)) return true;
        at = box.end;
    }
    return false;
}

std::optional<Box> child(HeaderReader& reader, std::uint64_t at, std::uint64_t end, std::string_view type) {
    std::optional<Box> found;
    (void)find_box(reader, at, end, [&](const Box& box) {
        if (is_type(reader, box, type)) found = box;
        return found.has_value();
    });
    return found;
}

// Position of the property boxes of one item, in the order they apply.
std::vector<std::uint32_t> property_numbers(HeaderReader& reader, const Box& ipma, std::uint32_t item) {
    const std::uint32_t version_flags = reader.u32be(ipma.data);
    const bool wide_ids = version_flags >> 24 >= 1;
    const bool wide_numbers = (version_flags & 1) != 0;
    const std::uint32_t entries = reader.u32be(ipma.data + 4);
    std::uint64_t at = ipma.data + 8;
    for (std::uint32_t i = 0; i < entries && at < ipma.end; ++i) {
        const std::uint32_t id = wide_ids ? reader.u32be(at) : reader.u16be(at);
        at += wide_ids ? 4 : 2;
        const int count = reader.u8(at++);
        std::vector<std::uint32_t> numbers;
        for (int n = 0; n < count; ++n, at += wide_numbers ? 2 : 1) {
            numbers.push_back(wide_numbers ? reader.u16be(at) & 0x7fffu : reader.u8(at) & 0x7fu);
        }
        if (id == item) return numbers;
    }
    return {};
}

void apply_property(HeaderReader& reader, const Box& property, ImageHeader& header) {
    if (is_type(reader, property, "ispe")) {
        header.width = reader.u32be(property.data + 4);
        header.height = reader.u32be(property.data + 8);
    } else if (is_type(reader, property, "irot")) {
        static constexpr int upright[] = {1, 8, 3, 6};  // quarter turns against the clock
        header.orientation = upright[reader.u8(property.data) & 3];
    } else if (is_type(reader, property, "clap")) {
        const std::uint32_t width_parts = reader.u32be(property.data + 4);
        const std::uint32_t height_parts = reader.u32be(property.data + 12);
        require(width_parts != 0 && height_parts != 0);
        header.width = reader.u32be(property.data) / width_parts;
        header.height = reader.u32be(property.data + 8) / height_parts;
    } else if (is_type(reader, property, "colr")) {
        header.profile_bytes += property.end - property.data;
    } else if (is_type(reader, property, "pixi")) {
        if (reader.u8(property.data + 4) > 0 && reader.u8(property.data + 5) > 8)
            header.bits_per_channel = 16;
    }
}

std::uint32_t primary_item(HeaderReader& reader, const Box& meta) {
    const auto pitm = child(reader, meta.data + 4, meta.end, "pitm"sv);
    require(pitm.has_value());
    return reader.u8(pitm->data) == 0 ? reader.u16be(pitm->data + 4) : reader.u32be(pitm->data + 4);
}

void read_properties(HeaderReader& reader, const Box& meta, ImageHeader& header) {
    const auto iprp = child(reader, meta.data + 4, meta.end, "iprp"sv);
    require(iprp.has_value());
    const auto ipco = child(reader, iprp->data, iprp->end, "ipco"sv);
    const auto ipma = child(reader, iprp->data, iprp->end, "ipma"sv);
    require(ipco && ipma);
    const auto wanted = property_numbers(reader, *ipma, primary_item(reader, meta));
    std::vector<Box> properties;
    (void)find_box(reader, ipco->data, ipco->end, [&](const Box& box) {
        properties.push_back(box);
        return false;
    });
    for (const std::uint32_t number : wanted) {
        if (number == 0) continue;
        require(number <= properties.size());
        apply_property(reader, properties[number - 1], header);
    }
}

// Brands say which codec is inside. A plain mif1 names none; phones that write it write HEVC.
ImageHeader read_brands(HeaderReader& reader, const Box& ftyp) {
    bool heic = false, avif = false;
    const bool sequence = reader.matches(ftyp.data, "avis"sv) || reader.matches(ftyp.data, "hevc"sv) ||
                          reader.matches(ftyp.data, "hevx"sv) || reader.matches(ftyp.data, "msf1"sv);
    for (std::uint64_t at = ftyp.data; at + 4 <= ftyp.end; at += at == ftyp.data ? 8 : 4) {
        (void)reader.u32be(at);
        avif = avif || reader.matches(at, "avif"sv) || reader.matches(at, "avis"sv);
        for (const std::string_view brand :
             {"heic"sv, "heix"sv, "heim"sv, "heis"sv, "hevc"sv, "hevx"sv, "mif1"sv}) {
            heic = heic || reader.matches(at, brand);
        }
    }
    if (!heic && !avif) stop(ImageHeaderError::unsupported_format);
    ImageHeader header;
    header.format = avif ? ImageFormat::avif : ImageFormat::heic;
    header.animated = sequence;
    return header;
}

}  // namespace

ImageHeader read_heif(HeaderReader& reader) {
    constexpr std::uint64_t file_end = UINT64_MAX / 4;
    const Box ftyp = read_box(reader, 0, file_end);
    require(ftyp.end - ftyp.at <= 1024);
    ImageHeader header = read_brands(reader, ftyp);
    const auto meta = child(reader, ftyp.end, file_end, "meta"sv);
    require(meta.has_value());
    read_properties(reader, *meta, header);
    return header;
}

}  // namespace darkroom::core::image_header
