// An edge of one colour around a cut-out, as stickers have it.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// Draws under `rgba` (CV_8UC4, straight) everything within `width_px` of its solid pixels in `color`. Solid
/// pixels stay as they are. There must be room for it around the subject.
void draw_sticker_edge(cv::Mat& rgba, double width_px, cv::Vec3b color);

}  // namespace darkroom::imaging
