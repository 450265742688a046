// Putting the result together: the subject's colour, its alpha, a shadow under it, a background, the crop.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/bg_remove_params.h"
#include "imaging/ops/cutout.h"

namespace darkroom::imaging {

struct Composition {
    cv::Mat rgba;      // CV_8UC4, straight alpha
    cv::Point origin;  // where in the picture its top left corner lies; elsewhere only with `crop`
};

/// The whole picture with the cutout of its part `region`; outside `region` everything is background. With
/// `crop` the canvas is enlarged by what a made shadow needs, then cut to what is visible plus the margin.
Composition compose(const cv::Mat& picture, cv::Rect region, const Cutout& cutout,
                    const BgRemoveParams& params);

/// `rgba` laid over a colour: CV_8UC3.
cv::Mat flattened(const cv::Mat& rgba, cv::Vec3b background);

}  // namespace darkroom::imaging
