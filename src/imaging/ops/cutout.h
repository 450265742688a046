// The subject of one picture: its alpha and what is needed to colour it. Stages 1 to 10 in order, each in its
// own file.
#pragma once
#include <opencv2/core.hpp>

#include "base/result.h"
#include "imaging/ops/bg_remove_params.h"
#include "imaging/ops/foreground_estimate.h"
#include "imaging/ops/operation.h"

namespace darkroom::imaging {

struct Cutout {
    cv::Mat alpha;        // CV_8U, of the picture's size
    ColourFields fields;  // at a reduced size
    cv::Mat kept_shadow;  // CV_32F at a reduced size: the photo's own shadow, or empty where not asked for
    double confidence = 0;
};

/// `picture` is CV_8UC3 RGB of at least 8x8 pixels. `unit` is how many of its pixels are one at long side
/// 1024. `stage` (null = none) does coarse_mask or alpha in place of the code here; one of another kind is
/// not asked. Fails with no_subject where nothing differs from the background, or everything does.
Result<Cutout, OperationError> cut_out(const cv::Mat& picture, const BgRemoveParams& params, double unit,
                                       ModelStage* stage);

}  // namespace darkroom::imaging
