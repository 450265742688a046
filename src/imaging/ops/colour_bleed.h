// Giving colour to what cannot be seen: a resize of straight RGBA mixes in the colour under alpha 0, so that
// has to be the colour of the nearest visible pixels, not white or black.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// Fills the colour of all pixels with alpha 0 from visible ones near them. `rgba` has 4 channels of 8 or 16
/// bits.
void bleed_colours(cv::Mat& rgba);

}  // namespace darkroom::imaging
