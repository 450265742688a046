// What GrabCut gets wrong in known ways: patches of shadow kept, crumbs, and holes that are no holes.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/border_model.h"
#include "imaging/ops/shadow_flood.h"

namespace darkroom::imaging {

/// Works on `mask` (CV_8U, 255 on the subject) in place. Shadow-like patches are dropped only where shadows
/// are believed in.
void clean_up_mask(cv::Mat& mask, const cv::Mat& rgb, const BorderModel& model, const ShadowFlood& flood,
                   bool drop_shadows);

}  // namespace darkroom::imaging
