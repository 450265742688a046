// Light removal of sensor noise and JPEG grain before enlarging, which would make blotches of it.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// Standard deviation of the noise in a plane (CV_32F, 0..255), from its finest diagonal band.
double noise_sigma(const cv::Mat& plane);

/// Non-local means over 3 planes in one CV_32FC3, as strong as the noise that is there times `strength`
/// (0..1).
cv::Mat denoise(const cv::Mat& picture, double sigma, double strength);

}  // namespace darkroom::imaging
