// Making a picture small the way cameras and editors do by default: bicubic, stretched over all pixels it
// sums up.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::bench {

/// OpenCV's own INTER_CUBIC reads four pixels whatever the scale, which leaves aliases.
cv::Mat shrunk_bicubic(const cv::Mat& picture, cv::Size size);

}  // namespace darkroom::bench
