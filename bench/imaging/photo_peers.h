// What OpenCV's photo module does to holes and noise. Darkroom itself does not use that module, so it may be
// missing where the benchmark is built; then all of these give an empty picture.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::bench {

bool has_opencv_photo();

cv::Mat inpainted_ns(const cv::Mat& picture, const cv::Mat& hole);
cv::Mat inpainted_telea(const cv::Mat& picture, const cv::Mat& hole);

/// Non-local means in colour, with the strengths that tutorials give for strong noise.
cv::Mat non_local_means(const cv::Mat& picture);

}  // namespace darkroom::bench
