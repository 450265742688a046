// The subject of a picture, found by its background or, where somebody has cut it out before, by the alpha it
// came with. What cutout_subject and white_bg_ecomm begin with.
#pragma once
#include <opencv2/core.hpp>

#include "base/result.h"
#include "imaging/ops/bg_remove_params.h"
#include "imaging/ops/cutout.h"
#include "imaging/ops/operation.h"

namespace darkroom::imaging {

struct FoundSubject {
    cv::Mat rgb;      // CV_8UC3, the whole picture
    cv::Rect region;  // the part of it that `cutout` is about
    Cutout cutout;
    bool cut_out_before = false;
};

/// `stage` as for cut_out(). Fails with no_subject as bg_remove does, also for too little confidence where
/// `params` ask for that.
Result<FoundSubject, OperationError> find_subject(const cv::Mat& picture, cv::Rect region,
                                                  const BgRemoveParams& params, ModelStage* stage);

/// The subject in the whole picture as straight RGBA, with the photo's own shadow where that is kept; made
/// shadows come later. Solid pixels have the picture's own colour.
cv::Mat lifted(const FoundSubject& subject, const BgRemoveParams& params);

/// A made shadow under `rgba`, whose canvas grows by what the shadow needs if `grow`, and is cut to what is
/// visible then. Lengths of `params` are shares of `long_side`. `origin` is where the result's corner lies in
/// `rgba`.
struct Shaded {
    cv::Mat rgba;
    cv::Point origin;
};
Shaded with_made_shadow(const cv::Mat& rgba, ShadowParams params, double long_side, bool grow);

}  // namespace darkroom::imaging
