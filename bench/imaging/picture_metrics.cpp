#include "bench/imaging/picture_metrics.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/check.h"

namespace darkroom::bench {
namespace {

cv::Mat grey_of(const cv::Mat& picture) {
    cv::Mat exact, grey;
    picture.convertTo(exact, CV_32F);
    cv::cvtColor(exact, grey, cv::COLOR_RGB2GRAY);
    return grey;
}

cv::Mat window_mean(const cv::Mat& plane) {
    cv::Mat mean;
    cv::GaussianBlur(plane, mean, {11, 11}, 1.5);
    return mean;
}

cv::Mat gradient_length(const cv::Mat& picture) {
    const cv::Mat grey = grey_of(picture);
    cv::Mat dx, dy, length;
    cv::Sobel(grey, dx, CV_32F, 1, 0, 3, 0.125);
    cv::Sobel(grey, dy, CV_32F, 0, 1, 3, 0.125);
    cv::magnitude(dx, dy, length);
    return length;
}

}  // namespace

double psnr(const cv::Mat& a, const cv::Mat& b, const cv::Mat& mask) {
    const double count =
        static_cast<double>(mask.empty() ? static_cast<int>(a.total()) : cv::countNonZero(mask));
    if (count == 0) return 99;
    const double squared = cv::norm(a, b, cv::NORM_L2SQR, mask) / (count * a.channels());
    return std::min(99.0, 10 * std::log10(255.0 * 255.0 / std::max(1e-9, squared)));
}

double ssim(const cv::Mat& picture, const cv::Mat& truth, const cv::Mat& mask) {
    const cv::Mat a = grey_of(picture), b = grey_of(truth);
    const cv::Mat ma = window_mean(a), mb = window_mean(b);
    const cv::Mat va = window_mean(a.mul(a)) - ma.mul(ma);
    const cv::Mat vb = window_mean(b.mul(b)) - mb.mul(mb);
    const cv::Mat vab = window_mean(a.mul(b)) - ma.mul(mb);
    const double c1 = 6.5025, c2 = 58.5225;
    cv::Mat share;
    const cv::Mat above = (2 * ma.mul(mb) + c1).mul(2 * vab + c2);
    const cv::Mat below = (ma.mul(ma) + mb.mul(mb) + c1).mul(va + vb + c2);
    cv::divide(above, below, share);
    return cv::mean(share, mask.empty() ? cv::noArray() : cv::InputArray(mask))[0];
}

cv::Mat fitted(const cv::Mat& picture, const cv::Mat& truth) {
    std::vector<cv::Mat> ours, theirs;
    cv::split(picture, ours);
    cv::split(truth, theirs);
    for (std::size_t c = 0; c < ours.size(); ++c) {
        cv::Mat a, b;
        ours[c].convertTo(a, CV_32F);
        theirs[c].convertTo(b, CV_32F);
        const double mean = cv::mean(b)[0];
        a -= cv::mean(a)[0];
        b -= mean;
        ours[c] = a * (a.dot(b) / std::max(1e-9, a.dot(a))) + mean;
    }
    cv::Mat result;
    cv::merge(ours, result);
    return result;
}

double texture_of(const cv::Mat& picture, const cv::Mat& mask) {
    cv::Mat laplacian, mean, deviation;
    cv::Laplacian(grey_of(picture), laplacian, CV_32F);
    cv::meanStdDev(laplacian, mean, deviation, mask);
    return deviation.at<double>(0);
}

double gradient_of(const cv::Mat& picture, const cv::Mat& mask) {
    return cv::mean(gradient_length(picture), mask.empty() ? cv::noArray() : cv::InputArray(mask))[0];
}

cv::Mat edges_of(const cv::Mat& picture, int reach) {
    constexpr double steep = 12;   // levels per pixel: above noise and JPEG
    constexpr double alone = 0.7;  // of all gradients around it point the same way
    const cv::Mat grey = grey_of(picture);
    const cv::Size window(2 * reach + 1, 2 * reach + 1);
    cv::Mat dx, dy, length, across, down, together, all;
    cv::Sobel(grey, dx, CV_32F, 1, 0, 3, 0.125);
    cv::Sobel(grey, dy, CV_32F, 0, 1, 3, 0.125);
    cv::magnitude(dx, dy, length);
    cv::boxFilter(dx, across, -1, window);
    cv::boxFilter(dy, down, -1, window);
    cv::boxFilter(length, all, -1, window);
    cv::magnitude(across, down, together);
    cv::Mat edges = (length > steep) & (together > alone * all);
    cv::dilate(edges, edges, cv::Mat::ones(window, CV_8U));
    return edges;
}

double overshoot_of(const cv::Mat& large, const cv::Mat& small) {
    cv::Mat least, most, low, high;
    const cv::Mat around = cv::Mat::ones(3, 3, CV_8U);
    cv::erode(small, least, around);
    cv::dilate(small, most, around);
    cv::resize(least, low, large.size(), 0, 0, cv::INTER_NEAREST);
    cv::resize(most, high, large.size(), 0, 0, cv::INTER_NEAREST);
    const cv::Mat beyond = (large.reshape(1) > high.reshape(1) + 2) | (large.reshape(1) < low.reshape(1) - 2);
    return cv::countNonZero(beyond) / static_cast<double>(beyond.total());
}

cv::Mat laid_on(const cv::Mat& rgba, cv::Vec3b ground) {
    if (rgba.channels() == 3) return rgba;
    DR_CHECK(rgba.type() == CV_8UC4);
    cv::Mat laid(rgba.size(), CV_8UC3);
    for (int y = 0; y < rgba.rows; ++y) {
        for (int x = 0; x < rgba.cols; ++x) {
            const auto& pixel = rgba.at<cv::Vec4b>(y, x);
            for (int c = 0; c < 3; ++c) {
                const int sum = pixel[c] * pixel[3] + ground[c] * (255 - pixel[3]);
                laid.at<cv::Vec3b>(y, x)[c] = static_cast<uchar>((sum + 127) / 255);
            }
        }
    }
    return laid;
}

cv::Mat cut_out(const cv::Mat& picture, const cv::Mat& alpha) {
    cv::Mat bytes, rgba;
    alpha.convertTo(bytes, CV_8U, alpha.depth() == CV_8U ? 1 : 255);
    cv::cvtColor(picture, rgba, cv::COLOR_RGB2RGBA);
    cv::insertChannel(bytes, rgba, 3);
    return rgba;
}

}  // namespace darkroom::bench
