// What light did to a print, undone: contrast that faded, and a cast over all colours.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// `picture` is CV_32FC3 RGB, 0..255. Stretches lightness alone, so that colours keep their hue, and evens it
/// a little by place. Returns by how much contrast grew; `strong` allows more.
double repair_tone(cv::Mat& picture, bool strong);

/// Takes most of a cast away: what the picture's brighter parts have in common is taken for grey.
void neutralise(cv::Mat& picture);

/// All three channels become the luma.
void make_grey(cv::Mat& picture);

/// CV_32F, 0..255.
cv::Mat luma_of(const cv::Mat& picture);

}  // namespace darkroom::imaging
