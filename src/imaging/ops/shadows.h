// The shadow under a cut-out: kept from the photo, or made from the alpha. All shadows are soft, so all are
// made at a reduced size and enlarged when the result is put together.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/bg_remove_params.h"

namespace darkroom::imaging {

/// A made shadow, CV_32F 0..1 and already times its opacity, of `alpha`'s size. `alpha` (CV_32F) should have
/// room around the subject where the shadow falls. `long_side` is the picture's in alpha's pixels: lengths
/// are fractions of it.
cv::Mat make_shadow(const cv::Mat& alpha, const ShadowParams& params, double long_side);

/// How far a made shadow reaches beyond the subject, as a fraction of the long side.
double shadow_reach(const ShadowParams& params);

/// The photo's own shadow as black with alpha, so that it darkens any new background as it darkened the old
/// one. `picture` and `ground`, the background without shadow, are CV_32FC3 sRGB 0..1; `shadowed` and `mask`
/// (CV_8U) say where background lies in shadow and where the subject stands. Under the subject's rim the
/// shadow is continued. At most 0.85.
cv::Mat keep_shadow(const cv::Mat& picture, const cv::Mat& ground, const cv::Mat& shadowed,
                    const cv::Mat& mask);

}  // namespace darkroom::imaging
