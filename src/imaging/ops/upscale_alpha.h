// Enlarging an alpha channel: cut edges stay as crisp as they were in the input's pixels, soft ones stay
// soft.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// `alpha` is CV_32F, 0..255; so is the result.
cv::Mat enlarge_alpha(const cv::Mat& alpha, cv::Size size);

}  // namespace darkroom::imaging
