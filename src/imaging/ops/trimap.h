// Where the alpha is known and where it must be found: a band along the outline of the mask.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/bg_remove_params.h"

namespace darkroom::imaging {

struct Trimap {
    static constexpr uchar background = 0;
    static constexpr uchar unknown = 128;
    static constexpr uchar subject = 255;

    cv::Mat labels;   // CV_8U of the alpha's size
    cv::Mat mask;     // CV_8U 0 or 255, the mask at that size
    int band_px = 0;  // half the band's width
};

/// `mask` is the segmentation's (long side 512 or less); `size` that of the alpha, not smaller.
Trimap make_trimap(const cv::Mat& mask, cv::Size size, Edges edges);

}  // namespace darkroom::imaging
