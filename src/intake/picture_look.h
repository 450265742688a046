// A first look at a file that somebody sent: its header alone, by content and not by name. Decoding is left
// to the pixel process.
#pragma once
#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "core/error_code.h"
#include "core/image_header.h"
#include "core/image_header_limits.h"

namespace darkroom::intake {

/// The header, if a decoder may be let loose on the file.
Result<core::ImageHeader, core::JobError> look_at(const std::filesystem::path& file, std::uint64_t bytes,
                                                  const core::ImageLimits& limits);

}  // namespace darkroom::intake
