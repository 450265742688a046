// Cast shadows. A shadowed pixel is a darker version of the background, and a shadow's outline is soft: so
// the background is flooded into pixels that look shadowed, but never across a sharp step, where an object
// would begin.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/border_model.h"

namespace darkroom::imaging {

struct ShadowFlood {
    cv::Mat candidate;  // CV_8U, 255 where the pixel could be shadowed background
    cv::Mat flooded;    // CV_8U, 255 where the background, in light or in shadow, reaches from the frame
};

/// `linear` is the picture in linear light (CV_32FC3 RGB 0..1), `luma` its 8-bit grey as stored.
ShadowFlood flood_shadows(const cv::Mat& linear, const cv::Mat& luma, const BorderModel& model);

}  // namespace darkroom::imaging
