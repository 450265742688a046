// Edge-aware sharpening: lifts what stands out of its surroundings by more than noise would.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// What to add to every plane of a picture whose brightness is `luma` (CV_32F, 0..255). `radius_px` is the
/// size of what counts as an edge, `gain` how much of it is added again.
cv::Mat edge_detail(const cv::Mat& luma, int radius_px, double noise_sigma, double gain);

}  // namespace darkroom::imaging
