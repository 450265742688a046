// Small pictures for contact sheets: a whole picture fitted into a square, or a part of it at its own size.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::bench {

/// CV_8UC3 of at most tile_side on each side; what is transparent lies on magenta. Empty stays empty.
cv::Mat small_tile(const cv::Mat& picture);

/// The part of `picture` around `centre`, pixel by pixel, `zoom` times as large.
cv::Mat close_tile(const cv::Mat& picture, cv::Point centre, int zoom = 1);

/// Where a mask is densest: what to look at closely.
cv::Point busiest_place(const cv::Mat& mask);

/// With the outline of a mask drawn on it.
cv::Mat outlined(const cv::Mat& picture, const cv::Mat& mask);

}  // namespace darkroom::bench
