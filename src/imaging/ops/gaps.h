// Narrow openings that show the background: between slats, stems, spokes. GrabCut smooths them shut, and at
// 512 px their colour is half that of what bounds them; so they are looked for as valleys of the distance
// from the background that are long, deep and steep. Highlights fade out instead of ending; letters on a
// label are steep but short.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/border_model.h"

namespace darkroom::imaging {

/// CV_8U, 255 in the openings. `rgb` is the working copy's, CV_8UC3: colours blend there, not in Lab.
cv::Mat find_gaps(const cv::Mat& rgb, const BorderModel& model);

}  // namespace darkroom::imaging
