// How plausible a mask is without knowing the truth: real outlines run along edges of the picture and part
// colours.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// 0 and up, for comparing masks of one picture. `lab` is CV_32FC3, `mask` CV_8U with 255 on the subject.
double outline_score(const cv::Mat& lab, const cv::Mat& mask);

/// How much two sets of colours overlap: 0 nothing in common .. 1 the same. Sets are masks of one picture.
double colour_overlap(const cv::Mat& lab, const cv::Mat& first, const cv::Mat& second);

}  // namespace darkroom::imaging
