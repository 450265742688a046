// Tells whether an embedded colour profile is sRGB under one of its many spellings. Most pictures carry one,
// and converting sRGB to sRGB would cost more than decoding and move pixels by one level.
#pragma once
#include <cstdint>
#include <span>

namespace darkroom::imaging {

/// Compares primaries and tone curves, not names. Broken profiles are not sRGB.
bool is_srgb_profile(std::span<const std::uint8_t> profile);

}  // namespace darkroom::imaging
