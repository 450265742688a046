#include "imaging/ops/guided_filter.h"

#include <array>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace darkroom::imaging {
namespace {

constexpr int moments = 13;  // r g b p, rp gp bp, rr rg rb gg gb bb

void fill_moments(const cv::Mat& guide, const cv::Mat& input, std::array<cv::Mat, moments>& planes) {
    for (cv::Mat& plane : planes) plane.create(guide.size(), CV_32F);
    cv::parallel_for_({0, guide.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            const auto* colours = guide.ptr<cv::Vec3f>(y);
            const auto* values = input.ptr<float>(y);
            std::array<float*, moments> out{};
            for (std::size_t m = 0; m < moments; ++m) out[m] = planes[m].ptr<float>(y);
            for (int x = 0; x < guide.cols; ++x) {
                const float r = colours[x][0];
                const float g = colours[x][1];
                const float b = colours[x][2];
                const float p = values[x];
                const std::array<float, moments> row = {r,     g,     b,     p,     r * p, g * p, b * p,
                                                        r * r, r * g, r * b, g * g, g * b, b * b};
                for (std::size_t m = 0; m < moments; ++m) out[m][x] = row[m];
            }
        }
    });
}

/// Solves (S + eps 1) a = c for the symmetric 3x3 matrix S of covariances, by its adjugate.
cv::Vec4f window_function(const std::array<float, moments>& mean, float epsilon) {
    const float r = mean[0];
    const float g = mean[1];
    const float b = mean[2];
    const float p = mean[3];
    const cv::Vec3f c(mean[4] - r * p, mean[5] - g * p, mean[6] - b * p);
    const float rr = mean[7] - r * r + epsilon;
    const float rg = mean[8] - r * g;
    const float rb = mean[9] - r * b;
    const float gg = mean[10] - g * g + epsilon;
    const float gb = mean[11] - g * b;
    const float bb = mean[12] - b * b + epsilon;
    const float m00 = gg * bb - gb * gb;
    const float m01 = rb * gb - rg * bb;
    const float m02 = rg * gb - rb * gg;
    const float m11 = rr * bb - rb * rb;
    const float m12 = rg * rb - rr * gb;
    const float m22 = rr * gg - rg * rg;
    const float determinant = rr * m00 + rg * m01 + rb * m02;
    const float inverse = determinant > 1e-20F ? 1 / determinant : 0;
    const cv::Vec3f a((m00 * c[0] + m01 * c[1] + m02 * c[2]) * inverse,
                      (m01 * c[0] + m11 * c[1] + m12 * c[2]) * inverse,
                      (m02 * c[0] + m12 * c[1] + m22 * c[2]) * inverse);
    return {a[0], a[1], a[2], p - a[0] * r - a[1] * g - a[2] * b};
}

}  // namespace

cv::Mat fit_guided(const cv::Mat& guide, const cv::Mat& input, int radius, float epsilon) {
    std::array<cv::Mat, moments> planes;
    fill_moments(guide, input, planes);
    const cv::Size window(2 * radius + 1, 2 * radius + 1);
    cv::parallel_for_({0, moments}, [&](const cv::Range& range) {
        for (int m = range.start; m < range.end; ++m) {
            cv::Mat& plane = planes[static_cast<std::size_t>(m)];
            cv::boxFilter(plane, plane, -1, window, {-1, -1}, true, cv::BORDER_REFLECT);
        }
    });
    cv::Mat functions(guide.size(), CV_32FC4);
    cv::parallel_for_({0, guide.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            std::array<float, moments> mean{};
            for (int x = 0; x < guide.cols; ++x) {
                for (std::size_t m = 0; m < moments; ++m) mean[m] = planes[m].ptr<float>(y)[x];
                functions.at<cv::Vec4f>(y, x) = window_function(mean, epsilon);
            }
        }
    });
    cv::boxFilter(functions, functions, -1, window, {-1, -1}, true, cv::BORDER_REFLECT);
    return functions;
}

cv::Mat apply_guided(const cv::Mat& guide, const cv::Mat& coefficients) {
    cv::Mat result(guide.size(), CV_32F);
    cv::parallel_for_({0, guide.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < guide.cols; ++x) {
                const cv::Vec3f& colour = guide.at<cv::Vec3f>(y, x);
                const cv::Vec4f& f = coefficients.at<cv::Vec4f>(y, x);
                result.at<float>(y, x) = f[0] * colour[0] + f[1] * colour[1] + f[2] * colour[2] + f[3];
            }
        }
    });
    return result;
}

}  // namespace darkroom::imaging
