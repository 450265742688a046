#include "core/image_header.h"

#include <algorithm>
#include <cstring>

#include "core/image_header_reader.h"

namespace darkroom::core {
namespace {

using image_header::HeaderReader;
using namespace std::string_view_literals;

ImageHeader read_any(HeaderReader& reader) {
    if (!reader.has(0)) image_header::stop(ImageHeaderError::empty);
    if (reader.matches(0, "\xff\xd8\xff"sv)) return image_header::read_jpeg(reader);
    if (reader.matches(0, "\x89PNG\r\n\x1a\n"sv)) return image_header::read_png(reader);
    if (reader.matches(0, "RIFF"sv) && reader.matches(8, "WEBP"sv)) return image_header::read_webp(reader);
    if (reader.matches(0, "GIF87a"sv) || reader.matches(0, "GIF89a"sv)) return image_header::read_gif(reader);
    if (reader.matches(0, "II*\0"sv) || reader.matches(0, "MM\0*"sv) || reader.matches(0, "II+\0"sv) ||
        reader.matches(0, "MM\0+"sv)) {
        return image_header::read_tiff(reader);
    }
    if (reader.matches(4, "ftyp"sv)) return image_header::read_heif(reader);
    image_header::stop(ImageHeaderError::unsupported_format);
}

// A file that ends within its signature is a cut picture rather than some other format.
bool is_cut_signature(ByteSource& source) {
    static constexpr std::string_view signatures[] = {
        "\xff\xd8\xff"sv, "\x89PNG\r\n\x1a\n"sv, "GIF89a"sv, "GIF87a"sv, "II*\0"sv, "MM\0*"sv};
    std::uint8_t start[12] = {};
    const std::size_t bytes = source.read_at(0, start);
    if (bytes >= sizeof start) return false;
    if (bytes >= 4 && bytes < 12 && std::memcmp(start, "RIFF", 4) == 0) return true;
    return std::ranges::any_of(signatures, [&](std::string_view signature) {
        return bytes < signature.size() && std::memcmp(start, signature.data(), bytes) == 0;
    });
}

}  // namespace

std::string_view content_type(ImageFormat format) {
    switch (format) {
        case ImageFormat::jpeg:
            return "image/jpeg";
        case ImageFormat::png:
            return "image/png";
        case ImageFormat::webp:
            return "image/webp";
        case ImageFormat::gif:
            return "image/gif";
        case ImageFormat::tiff:
            return "image/tiff";
        case ImageFormat::heic:
            return "image/heic";
        case ImageFormat::avif:
            return "image/avif";
    }
    return "application/octet-stream";
}

std::string_view file_extension(ImageFormat format) {
    switch (format) {
        case ImageFormat::jpeg:
            return "jpg";
        case ImageFormat::png:
            return "png";
        case ImageFormat::webp:
            return "webp";
        case ImageFormat::gif:
            return "gif";
        case ImageFormat::tiff:
            return "tif";
        case ImageFormat::heic:
            return "heic";
        case ImageFormat::avif:
            return "avif";
    }
    return "bin";
}

std::string_view format_name(ImageFormat format) {
    switch (format) {
        case ImageFormat::jpeg:
            return "JPEG";
        case ImageFormat::png:
            return "PNG";
        case ImageFormat::webp:
            return "WebP";
        case ImageFormat::gif:
            return "GIF";
        case ImageFormat::tiff:
            return "TIFF";
        case ImageFormat::heic:
            return "HEIC";
        case ImageFormat::avif:
            return "AVIF";
    }
    return "unknown";
}

std::size_t MemorySource::read_at(std::uint64_t offset, std::span<std::uint8_t> into) {
    if (offset >= bytes_.size()) return 0;
    const std::size_t bytes = std::min<std::size_t>(into.size(), bytes_.size() - offset);
    if (bytes > 0) std::memcpy(into.data(), bytes_.data() + offset, bytes);
    return bytes;
}

Result<ImageHeader, ImageHeaderError> read_image_header(ByteSource& source) {
    try {
        HeaderReader reader(source);
        const ImageHeader header = read_any(reader);
        if (header.width == 0 || header.height == 0) return Fail(ImageHeaderError::corrupt);
        return header;
    } catch (const image_header::HeaderStop& stopped) {
        if (stopped.error == ImageHeaderError::unsupported_format && is_cut_signature(source)) {
            return Fail(ImageHeaderError::truncated);
        }
        return Fail(stopped.error);
    }
}

Result<ImageHeader, ImageHeaderError> read_image_header(std::span<const std::uint8_t> prefix) {
    MemorySource source(prefix);
    return read_image_header(source);
}

}  // namespace darkroom::core
