// Bringing a cut-out to another size and onto a canvas: colours are weighed by alpha, so nothing hidden shows
// at the edges.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// Averaged when smaller, by back-projection when larger, a copy when of the same size. CV_8UC4, straight.
cv::Mat scaled_rgba(const cv::Mat& rgba, cv::Size size);

/// `rgba` with its corner at `at` on a transparent canvas, whose hidden colours continue the visible ones.
/// What reaches beyond the canvas is cut off.
cv::Mat on_canvas(const cv::Mat& rgba, cv::Size canvas, cv::Point at);

}  // namespace darkroom::imaging
