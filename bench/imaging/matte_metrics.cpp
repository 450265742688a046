#include "bench/imaging/matte_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::bench {
namespace {

cv::Mat alpha_of(const cv::Mat& rgba) {
    cv::Mat alpha;
    cv::extractChannel(rgba, alpha, 3);
    alpha.convertTo(alpha, CV_32F, 1.0 / 255);
    return alpha;
}

double halo_of(const cv::Mat& rgba, const cv::Mat& alpha, const shots::ProductShot& shot) {
    static const std::array<cv::Vec3f, 3> grounds = {cv::Vec3f(0, 0, 0), cv::Vec3f(255, 255, 255),
                                                     cv::Vec3f(255, 0, 255)};
    cv::Mat band = (shot.alpha > 0.02F) & (shot.alpha < 0.98F);
    cv::dilate(band, band, cv::getStructuringElement(cv::MORPH_ELLIPSE, {7, 7}));
    double sum = 0;
    double count = 0;
    for (int y = 0; y < band.rows; ++y) {
        for (int x = 0; x < band.cols; ++x) {
            if (band.at<uchar>(y, x) == 0) continue;
            const cv::Vec4b& pixel = rgba.at<cv::Vec4b>(y, x);
            const float a = alpha.at<float>(y, x);
            const cv::Vec3f ours = cv::Vec3f(pixel[0], pixel[1], pixel[2]) * a;
            const cv::Vec3f truth = shot.foreground.at<cv::Vec3f>(y, x);
            for (const cv::Vec3f& ground : grounds) {
                const cv::Vec3f off =
                    ours + ground * (1 - a) - truth - ground * (1 - shot.alpha.at<float>(y, x));
                sum += (std::abs(off[0]) + std::abs(off[1]) + std::abs(off[2])) / 3;
            }
            count += static_cast<double>(grounds.size());
        }
    }
    return count > 0 ? sum / count : 0;
}

double solid_change(const cv::Mat& rgba, const cv::Mat& picture) {
    int most = 0;
    for (int y = 0; y < rgba.rows; ++y) {
        for (int x = 0; x < rgba.cols; ++x) {
            const cv::Vec4b& pixel = rgba.at<cv::Vec4b>(y, x);
            if (pixel[3] != 255) continue;
            for (int c = 0; c < 3; ++c)
                most = std::max(most, std::abs(pixel[c] - picture.at<cv::Vec3b>(y, x)[c]));
        }
    }
    return most;
}

double leak_of(const cv::Mat& alpha, const cv::Mat& truth) {
    cv::Mat near;
    cv::dilate(truth > 0.01F, near, cv::Mat::ones(31, 31, CV_8U));
    const cv::Mat far = near == 0;
    const int total = cv::countNonZero(far);
    return total == 0 ? 0 : static_cast<double>(cv::countNonZero((alpha > 0.02F) & far)) / total;
}

cv::Mat gradient_length(const cv::Mat& alpha) {
    cv::Mat soft, dx, dy, length;
    cv::GaussianBlur(alpha, soft, {}, 1.4);
    cv::Sobel(soft, dx, CV_32F, 1, 0, 3, 0.125);
    cv::Sobel(soft, dy, CV_32F, 0, 1, 3, 0.125);
    cv::magnitude(dx, dy, length);
    return length;
}

/// How far down the thresholds a pixel belongs to what hangs together with the largest part of both mattes.
cv::Mat connected_level(const cv::Mat& alpha, const cv::Mat& truth) {
    cv::Mat level(alpha.size(), CV_32F, cv::Scalar(1));
    cv::Mat open(alpha.size(), CV_8U, cv::Scalar(255));  // has been part of it at every threshold so far
    for (int step = 1; step <= 10; ++step) {
        const float threshold = static_cast<float>(step) / 10;
        const cv::Mat both = (alpha >= threshold) & (truth >= threshold);
        cv::Mat labels, stats, centres;
        const int count = cv::connectedComponentsWithStats(both, labels, stats, centres, 4, CV_32S);
        int largest = 0;
        for (int label = 1; label < count; ++label) {
            const int area = stats.at<int>(label, cv::CC_STAT_AREA);
            if (largest == 0 || area > stats.at<int>(largest, cv::CC_STAT_AREA)) largest = label;
        }
        const cv::Mat part = largest == 0 ? cv::Mat::zeros(alpha.size(), CV_8U) : cv::Mat(labels == largest);
        const cv::Mat lost = open & ~part;
        level.setTo(cv::Scalar(threshold - 0.1F), lost);
        open &= part;
    }
    return level;
}

double connectivity_error(const cv::Mat& alpha, const cv::Mat& truth) {
    const cv::Mat level = connected_level(alpha, truth);
    const auto belonging = [&](const cv::Mat& matte) {
        const cv::Mat above = matte - level;
        cv::Mat far = above >= 0.15F;  // less is noise
        far.convertTo(far, CV_32F, 1.0 / 255);
        return cv::Mat(1 - above.mul(far));
    };
    return cv::norm(belonging(alpha), belonging(truth), cv::NORM_L1) / 1000;
}

}  // namespace

double alpha_iou(const cv::Mat& alpha, const cv::Mat& truth) {
    const cv::Mat a = alpha > 0.5F;
    const cv::Mat b = truth > 0.5F;
    const int either = cv::countNonZero(a | b);
    return either == 0 ? 1 : static_cast<double>(cv::countNonZero(a & b)) / either;
}

double alpha_sad(const cv::Mat& alpha, const cv::Mat& truth) {
    return cv::norm(alpha, truth, cv::NORM_L1) / static_cast<double>(alpha.total()) * 1e6 / 1000;
}

MatteScore score_matte(const cv::Mat& rgba, const shots::ProductShot& shot) {
    const cv::Mat alpha = alpha_of(rgba);
    MatteScore score;
    score.iou = alpha_iou(alpha, shot.alpha);
    score.sad = alpha_sad(alpha, shot.alpha);
    score.mse = cv::norm(alpha, shot.alpha, cv::NORM_L2SQR) / static_cast<double>(alpha.total()) * 1000;
    score.halo = halo_of(rgba, alpha, shot);
    score.solid = solid_change(rgba, shot.picture);
    score.leak = leak_of(alpha, shot.alpha);
    score.gradient = cv::norm(gradient_length(alpha), gradient_length(shot.alpha), cv::NORM_L2SQR) / 1000;
    score.connectivity = connectivity_error(alpha, shot.alpha);
    return score;
}

}  // namespace darkroom::bench
