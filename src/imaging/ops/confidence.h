// How far a result can be trusted, without the truth: from contrast along the outline, colours shared by both
// sides, softness that was never resolved, and a subject that runs out of the frame.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/segmentation.h"
#include "imaging/ops/trimap.h"

namespace darkroom::imaging {

/// 0 worthless .. 1 certain. `alpha` is CV_32F of the trimap's size.
double estimate_confidence(const WorkingCopy& copy, const Segmentation& segmentation, const cv::Mat& alpha,
                           const Trimap& trimap);

}  // namespace darkroom::imaging
