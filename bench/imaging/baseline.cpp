#include "bench/imaging/baseline.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace darkroom::bench {

cv::Mat rectangle_grabcut(const cv::Mat& picture) {
    const double scale = std::min(1.0, 512.0 / std::max(picture.cols, picture.rows));
    cv::Mat small;
    cv::resize(picture, small, {}, scale, scale, cv::INTER_AREA);
    const int rim_x = small.cols / 20;
    const int rim_y = small.rows / 20;
    cv::Mat labels;
    cv::Mat background;
    cv::Mat subject;
    cv::theRNG().state = 1;
    cv::grabCut(small, labels, {rim_x, rim_y, small.cols - 2 * rim_x, small.rows - 2 * rim_y}, background,
                subject, 5, cv::GC_INIT_WITH_RECT);
    cv::Mat mask = (labels == cv::GC_FGD) | (labels == cv::GC_PR_FGD);
    mask.convertTo(mask, CV_32F, 1.0 / 255);
    cv::resize(mask, mask, picture.size(), 0, 0, cv::INTER_LINEAR);
    return mask;
}

}  // namespace darkroom::bench
