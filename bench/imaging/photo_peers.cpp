#include "bench/imaging/photo_peers.h"

#ifdef DR_OPENCV_PHOTO
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>
#endif

namespace darkroom::bench {

#ifdef DR_OPENCV_PHOTO

namespace {

constexpr double radius = 4;

cv::Mat inpainted(const cv::Mat& picture, const cv::Mat& hole, int method) {
    cv::Mat filled;
    cv::inpaint(picture, hole, filled, radius, method);
    return filled;
}

}  // namespace

bool has_opencv_photo() { return true; }

cv::Mat inpainted_ns(const cv::Mat& picture, const cv::Mat& hole) {
    return inpainted(picture, hole, cv::INPAINT_NS);
}

cv::Mat inpainted_telea(const cv::Mat& picture, const cv::Mat& hole) {
    return inpainted(picture, hole, cv::INPAINT_TELEA);
}

cv::Mat non_local_means(const cv::Mat& picture) {
    cv::Mat bgr, calm;
    cv::cvtColor(picture, bgr, cv::COLOR_RGB2BGR);
    cv::fastNlMeansDenoisingColored(bgr, calm, 8, 10, 5, 15);
    cv::cvtColor(calm, calm, cv::COLOR_BGR2RGB);
    return calm;
}

#else

bool has_opencv_photo() { return false; }
cv::Mat inpainted_ns(const cv::Mat&, const cv::Mat&) { return {}; }
cv::Mat inpainted_telea(const cv::Mat&, const cv::Mat&) { return {}; }
cv::Mat non_local_means(const cv::Mat&) { return {}; }

#endif

}  // namespace darkroom::bench
