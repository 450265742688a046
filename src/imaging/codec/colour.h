// Any colour space a file can have, to sRGB.
#pragma once
#include <opencv2/core.hpp>
#include <vips/vips8>

namespace darkroom::imaging {

/// Gives 3 or 4 bands (RGB, RGBA) of 8 bits, or 16 if `keep_16_bit`. `tagged` tells whether the file had a
/// profile. Pixels are computed when the result is read. Throws vips::VError.
vips::VImage convert_to_srgb(vips::VImage image, bool keep_16_bit, bool& tagged);

/// True if convert_to_srgb() would pass the pixels on as they are.
bool is_srgb_already(const vips::VImage& image, bool keep_16_bit);

/// A fourth channel that is opaque everywhere says nothing; GIF and some PNG writers always make one.
void drop_opaque_alpha(cv::Mat& pixels);

}  // namespace darkroom::imaging
