// Continues a picture smoothly into holes: colours flow in from the rim, then along the edges that arrive
// there, so that a line which enters on one side leaves on the other. For narrow holes and plain
// surroundings; wide holes in texture become a blur, which is what patch_fill is for.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// `picture` is CV_8U with 3 or 4 channels; where `hole` (CV_8U) is not 0 it is not looked at. Returns the
/// picture with its holes filled and every other pixel as it was. A hole without a rim becomes grey.
cv::Mat smooth_fill(const cv::Mat& picture, const cv::Mat& hole);

}  // namespace darkroom::imaging
