// The small picture of a job in lists: long side 512, opaque, transparency shown as a light checkerboard.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

inline constexpr int thumbnail_side = 512;

/// Takes 1, 3 or 4 channels of 8 or 16 bits and gives 3 of 8. Pictures already small keep their size.
cv::Mat draw_thumbnail(const cv::Mat& pixels);

}  // namespace darkroom::imaging
