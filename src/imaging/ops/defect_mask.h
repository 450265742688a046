// Finds what time did to a print: scratches, dust, folds. All are narrow and stand out from what is around
// them, lines over a long way; what is one of many alike nearby (grass, bricks) belongs to the picture.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

struct Defects {
    cv::Mat mask;            // CV_8U, 255 on defects and the rim that they blur
    bool ambiguous = false;  // too much looks like a defect to be one; then the mask is empty
};

/// `luma` is CV_32F, 0..255, with noise of standard deviation `noise`. `strong` finds fainter ones too.
Defects find_defects(const cv::Mat& luma, double noise, bool strong);

}  // namespace darkroom::imaging
