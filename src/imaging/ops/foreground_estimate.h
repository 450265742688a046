// The subject's own colour along its outline, freed of the background that shines through (blur fusion after
// Forte 2021: local means of both colours, wide and then narrow, and the pixel's difference from their mix is
// given to the subject), and beyond the outline the nearest colour of the subject, so that later scaling
// makes no fringe.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// Smooth colour fields at a reduced size; both cover the whole of the alpha's area.
struct ColourFields {
    cv::Mat subject;     // CV_32FC3 0..1
    cv::Mat background;  // CV_32FC3 0..1
};

/// `picture` is CV_32FC3 0..1, `alpha` CV_32F of its size, with something in it.
ColourFields estimate_colours(const cv::Mat& picture, const cv::Mat& alpha);

/// The subject's colour in a pixel of that alpha.
cv::Vec3f unmixed(cv::Vec3f pixel, float alpha, cv::Vec3f subject, cv::Vec3f background);

}  // namespace darkroom::imaging
