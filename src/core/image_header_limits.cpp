#include "core/image_header_limits.h"

#include <algorithm>
#include <string>

namespace darkroom::core {
namespace {

std::string dimensions(const ImageHeader& header) {
    return std::to_string(header.oriented_width()) + " x " + std::to_string(header.oriented_height()) +
           " pixels";
}

std::string megapixels(std::uint64_t pixels) {
    return std::to_string((pixels + 500'000) / 1'000'000) + " megapixels";
}

JobError too_large(std::string message) { return {ErrorCode::input_too_large, std::move(message)}; }

std::optional<JobError> check_size(const ImageHeader& header, const ImageLimits& limits) {
    const std::uint32_t longest = std::max(header.width, header.height);
    if (longest > limits.side_max) {
        return too_large("The picture is " + dimensions(header) + "; no side may be longer than " +
                         std::to_string(limits.side_max) + " pixels.");
    }
    if (header.pixels() > limits.pixels_max) {
        return too_large("The picture has " + megapixels(header.pixels()) + "; at most " +
                         megapixels(limits.pixels_max) + " are taken.");
    }
    if (std::min(header.width, header.height) < limits.side_min) {
        return JobError{ErrorCode::input_too_small, "The picture is " + dimensions(header) +
                                                        "; both sides must have at least " +
                                                        std::to_string(limits.side_min) + " pixels."};
    }
    return std::nullopt;
}

bool is_bomb(const ImageHeader& header, std::uint64_t file_bytes, const ImageLimits& limits) {
    const std::uint64_t pixel_bytes =
        header.pixels() * 3 * static_cast<std::uint64_t>(header.bits_per_channel > 8 ? 2 : 1);
    return header.pixels() > limits.compression_free_pixels &&
           pixel_bytes / std::max<std::uint64_t>(file_bytes, 1) > limits.compression_max;
}

}  // namespace

JobError describe(ImageHeaderError error) {
    switch (error) {
        case ImageHeaderError::empty:
            return {ErrorCode::input_unreadable, "The file is empty."};
        case ImageHeaderError::unsupported_format:
            return {ErrorCode::input_unsupported_format,
                    "The file is not a JPEG, PNG, WebP, HEIC, AVIF, TIFF or GIF picture, whatever its name "
                    "says."};
        case ImageHeaderError::truncated:
            return {ErrorCode::input_unreadable, "The file was cut off: it ends before the picture does."};
        case ImageHeaderError::corrupt:
            break;
    }
    return {ErrorCode::input_unreadable, "The file's header is damaged."};
}

std::optional<JobError> check_image_limits(const ImageHeader& header, std::uint64_t file_bytes,
                                           const ImageLimits& limits) {
    if (header.format == ImageFormat::heic && !limits.heic) {
        return JobError{ErrorCode::input_unsupported_format,
                        "This server does not take HEIC pictures; send a JPEG."};
    }
    if (file_bytes > limits.file_bytes_max) {
        return too_large("The file has more than " + std::to_string(limits.file_bytes_max / 1'000'000) +
                         " MB.");
    }
    if (auto refused = check_size(header, limits)) return refused;
    if (file_bytes < header.bytes_needed) return describe(ImageHeaderError::truncated);
    if (header.animated) {
        return JobError{ErrorCode::input_animated, "The picture is animated; send a single frame."};
    }
    if (header.progressive && header.pixels() > limits.progressive_pixels_max) {
        return too_large("Progressive and interlaced pictures may have at most " +
                         megapixels(limits.progressive_pixels_max) + "; save it as a plain one.");
    }
    if (header.profile_bytes > limits.profile_bytes_max)
        return too_large("The picture's colour profile is too large.");
    if (header.metadata_bytes > limits.metadata_bytes_max)
        return too_large("The picture's metadata is too large.");
    if (is_bomb(header, file_bytes, limits)) {
        return too_large("The file is far too small for the picture it claims to hold.");
    }
    return std::nullopt;
}

}  // namespace darkroom::core
