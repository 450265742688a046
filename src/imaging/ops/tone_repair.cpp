#include "imaging/ops/tone_repair.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace darkroom::imaging {
namespace {

constexpr double tail = 0.005;         // share of pixels that may be clipped at either end
constexpr double even_share = 0.4;     // how much of the evened lightness is mixed in
constexpr double cast_share = 0.6;     // how much of a cast is taken away
constexpr int lightness_steps = 4096;  // of the histogram
constexpr double lightness_max = 100;

struct Ends {
    double low, high;
};

Ends ends_of(const cv::Mat& lightness) {
    std::vector<std::size_t> counts(lightness_steps, 0);
    for (int y = 0; y < lightness.rows; ++y) {
        for (int x = 0; x < lightness.cols; ++x) {
            const double share = std::clamp(lightness.at<float>(y, x) / lightness_max, 0.0, 1.0);
            ++counts[static_cast<std::size_t>(share * (lightness_steps - 1))];
        }
    }
    const auto allowed = static_cast<std::size_t>(tail * static_cast<double>(lightness.total()));
    std::size_t low = 0, high = lightness_steps - 1;
    for (std::size_t seen = counts[low]; seen <= allowed && low < high; seen += counts[++low]) {
    }
    for (std::size_t seen = counts[high]; seen <= allowed && high > low; seen += counts[--high]) {
    }
    const double step = lightness_max / (lightness_steps - 1);
    return {static_cast<double>(low) * step, static_cast<double>(high) * step};
}

void even(cv::Mat& lightness, double clip) {
    cv::Mat bytes, evened;
    lightness.convertTo(bytes, CV_8U, 255 / lightness_max);
    cv::createCLAHE(clip, {8, 8})->apply(bytes, evened);
    // The difference is smooth; taking it instead of the result keeps what lies between two bytes.
    cv::Mat before, after;
    bytes.convertTo(before, CV_32F);
    evened.convertTo(after, CV_32F);
    lightness += (after - before) * (even_share * lightness_max / 255);
}

}  // namespace

double repair_tone(cv::Mat& picture, bool strong) {
    cv::Mat lab;
    cv::Mat(picture / 255).convertTo(lab, CV_32F);
    cv::cvtColor(lab, lab, cv::COLOR_RGB2Lab);
    std::vector<cv::Mat> planes;
    cv::split(lab, planes);
    const Ends ends = ends_of(planes[0]);
    const double range = std::max(ends.high - ends.low, 1e-3);
    const double gain = std::clamp(96 / range, 1.0, strong ? 3.0 : 2.2);
    const double middle = (ends.low + ends.high) / 2;
    // Where the gain is not enough for the whole range, the middle stays where it is as far as it can.
    const double centre = std::clamp(middle, 2 + gain * range / 2, 98 - gain * range / 2 + 1e-9);
    if (gain > 1) planes[0] = (planes[0] - middle) * gain + (gain * range > 95 ? 50.0 : centre);
    even(planes[0], strong ? 2.0 : 1.5);
    planes[0] = cv::max(cv::min(planes[0], lightness_max), 0.0);
    cv::merge(planes, lab);
    cv::cvtColor(lab, picture, cv::COLOR_Lab2RGB);
    picture *= 255;
    return gain;
}

void neutralise(cv::Mat& picture) {
    // Shades of grey: a high power lets bright parts speak, where a cast shows best.
    std::array<double, 3> level{};
    for (int y = 0; y < picture.rows; ++y) {
        const auto* row = picture.ptr<cv::Vec3f>(y);
        for (int x = 0; x < picture.cols; ++x) {
            for (std::size_t c = 0; c < 3; ++c) {
                const double v = row[x][static_cast<int>(c)] / 255.0, cube = v * v * v;
                level[c] += cube * cube;
            }
        }
    }
    for (double& sum : level) sum = std::pow(sum / static_cast<double>(picture.total()), 1.0 / 6);
    const double mean = (level[0] + level[1] + level[2]) / 3;
    cv::Scalar gains;
    for (std::size_t c = 0; c < 3; ++c) {
        const double gain = std::clamp(mean / std::max(level[c], 1e-6), 0.8, 1.25);
        gains[static_cast<int>(c)] = 1 + cast_share * (gain - 1);
    }
    cv::multiply(picture, gains, picture);
}

cv::Mat luma_of(const cv::Mat& picture) {
    cv::Mat luma;
    cv::cvtColor(picture, luma, cv::COLOR_RGB2GRAY);
    return luma;
}

void make_grey(cv::Mat& picture) { cv::cvtColor(luma_of(picture), picture, cv::COLOR_GRAY2RGB); }

}  // namespace darkroom::imaging
