// Enlarging one colour plane so that averaging it down again gives the plane it came from. Planes are CV_32F,
// 0..255.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// Lanczos, then rounds of back-projection, of clamping to what neighbours in `low` allow, and of steepening
/// edges.
cv::Mat enlarge_plane(const cv::Mat& low, cv::Size size);

/// Keeps each pixel of `high` between the smallest and largest of the nine pixels of `low` around it, and a
/// little beyond: what rings further out is no detail.
void clamp_to_neighbours(cv::Mat& high, const cv::Mat& low);

/// One round: what is missing in the average of `high` against `low` is spread back.
void project_back(cv::Mat& high, const cv::Mat& low);

/// Mean squared difference between `low` and the area average of `high`.
double consistency_error(const cv::Mat& high, const cv::Mat& low);

}  // namespace darkroom::imaging
