// Surfaces that fill a whole picture, and holes to be torn into them: what object_remove is measured on.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>
#include <string_view>

namespace darkroom::shots {

enum class Texture { felt, wood, brick, pebbles, landscape, sweep };
inline constexpr int texture_count = 6;

std::string_view name_of(Texture texture);

/// CV_8UC3 RGB, with the noise of a camera but without its JPEG.
cv::Mat draw_texture(Texture texture, cv::Size size, std::uint64_t seed);

enum class Hole { blob, strip, lettering };
inline constexpr int hole_count = 3;

std::string_view name_of(Hole hole);

/// CV_8U, 255 inside: `share` of the area, to a twentieth of that, somewhere near the middle.
cv::Mat draw_hole(Hole hole, double share, cv::Size size, std::uint64_t seed);

}  // namespace darkroom::shots
