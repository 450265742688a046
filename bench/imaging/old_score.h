// How well an aged print was restored: what was found of its defects, and how near it came to what it was.
#pragma once
#include <opencv2/core.hpp>

#include "bench/imaging/aged_print.h"

namespace darkroom::bench {

struct DefectScore {
    double recall = 0;     // of the damaged pixels
    double precision = 0;  // of the marked ones; the blurred rim of a defect counts as damaged
};

/// `found` is CV_8U, 255 where restore saw a defect.
DefectScore score_defects(const cv::Mat& found, const AgedPrint& aged);

/// SSIM to the truth after the best affine fit of each channel, less that of the print as it was found.
double ssim_gain(const cv::Mat& restored, const AgedPrint& aged, const cv::Mat& clean);

}  // namespace darkroom::bench
