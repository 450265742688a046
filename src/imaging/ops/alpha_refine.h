// The alpha along the outline: where between the local colour of the subject and that of the background each
// pixel lies.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/trimap.h"

namespace darkroom::imaging {

struct RefinedAlpha {
    cv::Mat alpha;  // CV_32F 0..1
    cv::Mat
        coefficients;  // CV_32FC4, the guided filter's functions from colour to alpha, for joint upsampling
};

/// `guide` is the picture at the trimap's size, CV_32FC3 0..1.
RefinedAlpha refine_alpha(const cv::Mat& guide, const Trimap& trimap);

/// The same for an `alpha` (CV_32F of the trimap's size) that somebody else found: it counts in the band.
RefinedAlpha settled_alpha(const cv::Mat& guide, const Trimap& trimap, const cv::Mat& alpha);

}  // namespace darkroom::imaging
