// The guided filter of He, Sun and Tang with a colour guide: within each window the result is a linear
// function of the guide's colour, so it takes over the guide's edges. The functions can be kept and applied
// to a larger copy of the guide.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// `guide` is CV_32FC3 0..1, `input` CV_32F. The result is CV_32FC4 per pixel: q = c0 r + c1 g + c2 b + c3.
cv::Mat fit_guided(const cv::Mat& guide, const cv::Mat& input, int radius, float epsilon);

cv::Mat apply_guided(const cv::Mat& guide, const cv::Mat& coefficients);

}  // namespace darkroom::imaging
