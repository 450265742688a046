// Turning pixels upright, as EXIF asks.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// `orientation` is EXIF's 1..8; afterwards the picture is what a viewer would show.
void set_upright(cv::Mat& pixels, int orientation);

}  // namespace darkroom::imaging
