// Which pictures are taken in, decided from the header alone, with the words that their owner reads when one
// is not.
#pragma once
#include <cstdint>
#include <optional>

#include "core/error_code.h"
#include "core/image_header.h"

namespace darkroom::core {

struct ImageLimits {
    std::uint64_t file_bytes_max = 50'000'000;
    std::uint32_t side_min = 16;
    std::uint32_t side_max = 16'384;
    std::uint64_t pixels_max = 64u << 20;  // 64 MP as cameras count: 8192 x 8192 passes
    std::uint64_t progressive_pixels_max =
        25'000'000;  // decoded as a whole, so they cost several times more memory
    std::uint64_t profile_bytes_max = 1u << 20;
    std::uint64_t metadata_bytes_max = 16u << 20;  // phones put depth maps there
    /// Decoded bytes per file byte. Applies above compression_free_pixels: a flat colour compresses without
    /// end, and a small one harms nobody.
    std::uint64_t compression_max = 2'000;
    std::uint64_t compression_free_pixels = 16'000'000;
    bool heic = true;
};

/// Why a file cannot even be looked at.
JobError describe(ImageHeaderError error);

/// nullopt if a decoder may be let loose on the file.
std::optional<JobError> check_image_limits(const ImageHeader& header, std::uint64_t file_bytes,
                                           const ImageLimits& limits);

}  // namespace darkroom::core
