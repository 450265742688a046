#include "imaging/ops/shadow_flood.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace darkroom::imaging {
namespace {

constexpr float agreement = 0.16F;  // how far the three channels' log ratios may lie apart
constexpr float darkest = -2.2F;    // log ratio: about a ninth of the light
constexpr float lightest = 0.06F;
constexpr int step_max = 6;      // grey levels between neighbours at 512 px
constexpr float black = 0.004F;  // keeps logarithms finite

cv::Vec3f log_of(cv::Vec3f linear) {
    return {std::log(std::max(black, linear[0])), std::log(std::max(black, linear[1])),
            std::log(std::max(black, linear[2]))};
}

bool is_shade_of(cv::Vec3f log_pixel, cv::Vec3f log_ground) {
    const cv::Vec3f ratio = log_pixel - log_ground;
    const float low = std::min({ratio[0], ratio[1], ratio[2]});
    const float high = std::max({ratio[0], ratio[1], ratio[2]});
    const float mean = (ratio[0] + ratio[1] + ratio[2]) / 3;
    return high - low <= agreement && mean >= darkest && mean <= lightest;
}

cv::Mat find_candidates(const cv::Mat& linear, const BorderModel& model) {
    cv::Mat ground;
    cv::cvtColor(model.surface, ground, cv::COLOR_Lab2LRGB);
    std::vector<cv::Vec3f> colours;
    for (const cv::Vec3f& lab : model.colours) {
        cv::Mat3f pixel(1, 1, lab);
        cv::cvtColor(pixel, pixel, cv::COLOR_Lab2LRGB);
        colours.push_back(log_of(pixel(0, 0)));
    }
    cv::Mat candidate(linear.size(), CV_8U);
    for (int y = 0; y < linear.rows; ++y) {
        for (int x = 0; x < linear.cols; ++x) {
            const cv::Vec3f pixel = log_of(linear.at<cv::Vec3f>(y, x));
            const bool shaded = is_shade_of(pixel, log_of(ground.at<cv::Vec3f>(y, x))) ||
                                std::any_of(colours.begin(), colours.end(),
                                            [&](cv::Vec3f colour) { return is_shade_of(pixel, colour); });
            candidate.at<uchar>(y, x) = shaded ? 255 : 0;
        }
    }
    return candidate;
}

}  // namespace

ShadowFlood flood_shadows(const cv::Mat& linear, const cv::Mat& luma, const BorderModel& model) {
    ShadowFlood flood{find_candidates(linear, model), cv::Mat::zeros(linear.size(), CV_8U)};
    cv::Mat smooth;
    cv::GaussianBlur(luma, smooth, {}, 0.8);
    std::deque<cv::Point> open;
    const auto enter = [&](cv::Point at) {
        flood.flooded.at<uchar>(at) = 255;
        open.push_back(at);
    };
    for (int y = 0; y < luma.rows; ++y) {
        for (int x = 0; x < luma.cols; ++x) {
            const bool rim = x == 0 || y == 0 || x == luma.cols - 1 || y == luma.rows - 1;
            if (rim && model.distance.at<float>(y, x) < model.near) enter({x, y});
        }
    }
    const cv::Rect frame({}, luma.size());
    while (!open.empty()) {
        const cv::Point at = open.front();
        open.pop_front();
        for (const cv::Point step : {cv::Point(1, 0), cv::Point(-1, 0), cv::Point(0, 1), cv::Point(0, -1)}) {
            const cv::Point next = at + step;
            if (!frame.contains(next) || flood.flooded.at<uchar>(next) != 0) continue;
            if (model.distance.at<float>(next) >= model.near && flood.candidate.at<uchar>(next) == 0)
                continue;
            if (std::abs(smooth.at<uchar>(next) - smooth.at<uchar>(at)) > step_max) continue;
            enter(next);
        }
    }
    return flood;
}

}  // namespace darkroom::imaging
