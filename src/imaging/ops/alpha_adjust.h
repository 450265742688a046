// What the user may still want changed about a finished alpha: smaller or larger, softer, without see-through
// spots.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// Moves the outline inwards by `px` (outwards where negative); fractions of a pixel count. CV_32F in and
/// out.
cv::Mat shifted_inwards(const cv::Mat& alpha, double px);

/// Softens the outline over about `px` pixels.
cv::Mat feathered(const cv::Mat& alpha, double px);

/// Makes alpha above 0.7 solid wherever it is further than `rim_px` from anything less: glass and glare stay,
/// closed.
void close_veils(cv::Mat& alpha, int rim_px);

/// Enlarges a CV_32F alpha to the size of `picture` (CV_8UC3) as CV_8U. Where `labels` (of the alpha's size)
/// leave it unknown it follows the picture's own edges by `coefficients`, the guided filter's functions at
/// the alpha's size.
cv::Mat enlarge_alpha(const cv::Mat& alpha, const cv::Mat& coefficients, const cv::Mat& labels,
                      const cv::Mat& picture);

}  // namespace darkroom::imaging
