// Exposure and white balance of a product photo by the ground it stands on: that is meant to be a light
// neutral.
#pragma once
#include <opencv2/core.hpp>
#include <optional>

namespace darkroom::imaging {

/// For each level of each channel what it should be, as cv::LUT takes it: 1 x 256, CV_8UC3. `rgb` is CV_8UC3;
/// its ground is all of `alpha` (CV_8U) that is 0. Nothing where that is no light neutral one to go by.
std::optional<cv::Mat> curves_by_ground(const cv::Mat& rgb, const cv::Mat& alpha);

}  // namespace darkroom::imaging
