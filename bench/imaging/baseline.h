// What a program gets without thinking: OpenCV's GrabCut with a rectangle, on a copy of 512 px, its mask
// enlarged.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::bench {

/// CV_32F 0 or 1 of the picture's size. The rectangle leaves out 5 % on every side, as tutorials do.
cv::Mat rectangle_grabcut(const cv::Mat& picture);

}  // namespace darkroom::bench
