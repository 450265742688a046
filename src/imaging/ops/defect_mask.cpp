#include "imaging/ops/defect_mask.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace darkroom::imaging {
namespace {

constexpr double share_max = 0.08;  // of the picture; more is its texture
constexpr int directions = 16;
constexpr int line_samples = 17;  // along a line, every second pixel
constexpr double line_cap = 45;   // so that one bright spot does not make a line
constexpr int speck_pixels_min = 6;

struct Limits {
    double sure, possible, line, clutter;
};

Limits limits_of(double noise, bool strong) {
    const double ease = strong ? 0.7 : 1.0;
    // The opening of noise alone leaves about two and a half of its standard deviations.
    return {.sure = ease * std::max(32.0, 4.5 * noise),
            .possible = ease * std::max(18.0, 2.2 * noise),
            .line = ease * std::max(11.0, 0.8 * noise),
            .clutter = 3.0};
}

int odd(double size) { return 2 * static_cast<int>(std::lround((size - 1) / 2)) + 1; }

// The mean of `ridge` along the best of all directions: noise and texture cancel out, a scratch does not.
cv::Mat along_lines(const cv::Mat& ridge) {
    const int reach = line_samples - 1;
    cv::Mat padded, best = cv::Mat::zeros(ridge.size(), CV_32F);
    cv::copyMakeBorder(cv::min(ridge, line_cap), padded, reach, reach, reach, reach, cv::BORDER_REFLECT_101);
    std::vector<cv::Mat> means(directions);
    cv::parallel_for_(cv::Range(0, directions), [&](const cv::Range& range) {
        for (int i = range.start; i < range.end; ++i) {
            const double angle = std::numbers::pi * i / directions;
            cv::Mat sum = cv::Mat::zeros(ridge.size(), CV_32F);
            for (int step = -reach; step <= reach; step += 2) {
                const cv::Point at(cvRound(step * std::cos(angle)), cvRound(step * std::sin(angle)));
                sum += padded(cv::Rect(cv::Point(reach, reach) + at, ridge.size()));
            }
            means[static_cast<std::size_t>(i)] = sum * (1.0 / line_samples);
        }
    });
    for (const cv::Mat& mean : means) cv::max(best, mean, best);
    return best;
}

// Keeps the connected places of `possible` that hold something sure and are no single pixel.
void add_connected(const cv::Mat& possible, const cv::Mat& sure, cv::Mat& mask) {
    cv::Mat labels, stats, centres;
    const int count = cv::connectedComponentsWithStats(possible, labels, stats, centres, 8, CV_32S);
    std::vector<uchar> kept(static_cast<std::size_t>(count), 0);
    for (int y = 0; y < labels.rows; ++y) {
        for (int x = 0; x < labels.cols; ++x) {
            const int label = labels.at<int>(y, x);
            if (label != 0 && sure.at<uchar>(y, x) != 0) kept[static_cast<std::size_t>(label)] = 255;
        }
    }
    for (int label = 1; label < count; ++label) {
        if (stats.at<int>(label, cv::CC_STAT_AREA) < speck_pixels_min)
            kept[static_cast<std::size_t>(label)] = 0;
    }
    for (int y = 0; y < labels.rows; ++y) {
        for (int x = 0; x < labels.cols; ++x) {
            const int label = labels.at<int>(y, x);
            if (label != 0 && kept[static_cast<std::size_t>(label)] != 0) mask.at<uchar>(y, x) = 255;
        }
    }
}

// `ridge`: how much brighter (or darker) a pixel is than the wider things around it.
void add_defects(const cv::Mat& ridge, const Limits& limits, cv::Mat& mask) {
    cv::Mat clutter;
    // Capped, so that the defect itself does not count as clutter.
    cv::blur(cv::min(ridge, 30.0), clutter, {61, 61});
    const cv::Mat lines = along_lines(ridge);
    const cv::Mat extra = clutter * limits.clutter;
    const cv::Mat sure = ridge > extra + limits.sure;
    const cv::Mat on_line = (lines > extra * 1.5 + limits.line) & (ridge > extra + limits.line);
    const cv::Mat possible = (ridge > extra + limits.possible) | on_line;
    add_connected(possible, sure | on_line, mask);
}

}  // namespace

Defects find_defects(const cv::Mat& luma, double noise, bool strong) {
    const double scale = std::sqrt(static_cast<double>(luma.total()) / (1024.0 * 1024.0));
    const int side = std::max(7, odd(13 * scale));
    const cv::Mat shape = cv::getStructuringElement(cv::MORPH_ELLIPSE, {side, side});
    const Limits limits = limits_of(noise, strong);
    cv::Mat calm, ridge;
    cv::GaussianBlur(luma, calm, {}, 0.8);
    Defects defects{.mask = cv::Mat::zeros(luma.size(), CV_8U)};
    for (const int kind : {cv::MORPH_TOPHAT, cv::MORPH_BLACKHAT}) {
        cv::morphologyEx(calm, ridge, kind, shape);
        add_defects(ridge, limits, defects.mask);
    }
    defects.ambiguous = cv::countNonZero(defects.mask) > share_max * static_cast<double>(luma.total());
    if (defects.ambiguous) defects.mask.setTo(cv::Scalar(0));
    cv::dilate(defects.mask, defects.mask, cv::getStructuringElement(cv::MORPH_ELLIPSE, {3, 3}));
    return defects;
}

}  // namespace darkroom::imaging
