#include "imaging/ops/alpha_adjust.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/bilinear.h"
#include "imaging/ops/trimap.h"

namespace darkroom::imaging {
namespace {

constexpr double veil_min = 0.7;

cv::Mat disc(int radius) {
    return cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * radius + 1, 2 * radius + 1});
}

cv::Mat eroded(const cv::Mat& alpha, int radius) {
    if (radius == 0) return alpha;
    cv::Mat out;
    cv::erode(alpha, out, disc(radius), {-1, -1}, 1, cv::BORDER_REPLICATE);
    return out;
}

}  // namespace

cv::Mat shifted_inwards(const cv::Mat& alpha, double px) {
    if (px < 0) return 1 - shifted_inwards(1 - alpha, -px);
    const int whole = static_cast<int>(px);
    const double rest = px - whole;
    if (rest < 1e-3) return eroded(alpha, whole).clone();
    return eroded(alpha, whole) * (1 - rest) + eroded(alpha, whole + 1) * rest;
}

cv::Mat feathered(const cv::Mat& alpha, double px) {
    cv::Mat out;
    cv::GaussianBlur(alpha, out, {}, std::max(0.3, px / 2));
    return out;
}

void close_veils(cv::Mat& alpha, int rim_px) {
    cv::Mat inner;
    const int side = 2 * std::max(1, rim_px) + 1;
    cv::erode(alpha > veil_min, inner, cv::Mat::ones(side, side, CV_8U), {-1, -1}, 1, cv::BORDER_REPLICATE);
    alpha.setTo(1, inner);
}

cv::Mat enlarge_alpha(const cv::Mat& alpha, const cv::Mat& coefficients, const cv::Mat& labels,
                      const cv::Mat& picture) {
    cv::Mat large(picture.size(), CV_8U);
    if (alpha.size() == picture.size()) {
        alpha.convertTo(large, CV_8U, 255);
        return large;
    }
    const Bilinear<float> plain(alpha, picture.size());
    const Bilinear<cv::Vec4f> functions(coefficients, picture.size());
    cv::parallel_for_({0, large.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            const auto* label = labels.ptr<uchar>(std::min(labels.rows - 1, y * labels.rows / large.rows));
            for (int x = 0; x < large.cols; ++x) {
                const uchar known = label[std::min(labels.cols - 1, x * labels.cols / large.cols)];
                float value = plain(x, y);
                if (known == Trimap::unknown) {
                    const cv::Vec3b& pixel = picture.at<cv::Vec3b>(y, x);
                    const cv::Vec4f f = functions(x, y);
                    const float guided = (f[0] * pixel[0] + f[1] * pixel[1] + f[2] * pixel[2]) / 255 + f[3];
                    value = 0.5F * (value + std::clamp(guided, 0.0F, 1.0F));
                }
                large.at<uchar>(y, x) = cv::saturate_cast<uchar>(value * 255);
            }
        }
    });
    return large;
}

}  // namespace darkroom::imaging
