// From an open file of a stranger to sRGB pixels: header limits first, then one decoder chosen by magic
// bytes, embedded profiles and CMYK to sRGB, EXIF orientation applied. Nothing is guessed from names.
#pragma once
#include <cstdint>

#include "base/result.h"
#include "core/error_code.h"
#include "core/image_header_limits.h"
#include "imaging/codec/picture.h"

namespace darkroom::imaging {

struct DecodeOptions {
    core::ImageLimits limits;
    bool keep_16_bit = false;
    bool keep_metadata = false;
    std::uint64_t pixels_max = UINT64_MAX;  // what is larger is reduced by Lanczos before it is handed on
    std::uint32_t side_max = UINT32_MAX;
};

/// What the file says of itself, if a decoder may be let loose on it.
Result<core::ImageHeader, core::JobError> check_picture(int file, const core::ImageLimits& limits);

/// Reads from the start of `file`, which stays open. Runs in the locked-down process; may be killed at any
/// time.
Result<Picture, core::JobError> decode_picture(int file, const DecodeOptions& options);

}  // namespace darkroom::imaging
