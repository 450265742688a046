// How far a result can be trusted, without the truth. A linear guess of the share of the subject that is
// wrong (1 - IoU), from what tends to go with errors: faint outlines, colours shared by both sides, softness
// that was not resolved, subject pixels that look like background. Its weights were fitted on 240 generated
// shots of the tuning seeds.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/border_model.h"
#include "imaging/ops/segmentation.h"

namespace darkroom::imaging {

/// 0 worthless .. 1 certain; 0.6 is where a twentieth of the subject is expected to be wrong. `alpha` is
/// CV_32F.
double estimate_confidence(const WorkingCopy& copy, const BorderModel& model,
                           const Segmentation& segmentation, const cv::Mat& alpha);

}  // namespace darkroom::imaging
