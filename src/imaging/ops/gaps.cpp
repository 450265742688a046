#include "imaging/ops/gaps.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace darkroom::imaging {
namespace {

// All in pixels of the working copy (long side 512).
constexpr int width_max = 9;  // wider openings GrabCut gets right
constexpr int length_min = 30;
constexpr float floor_share_min = 0.75F;
constexpr int across = 4;  // how far to both sides colours are compared
constexpr double blend_tolerance =
    0.3;  // of the difference of both sides: so near to their middle is a blend
constexpr double blend_share_max = 0.4;
constexpr float depth_share_min = 0.5F;  // of the height of the valley's sides
constexpr float steepness_min =
    0.2F;  // of the depth, per pixel: an edge blurred by the lens and the working copy has 0.3

cv::Mat steepness_of(const cv::Mat& distance) {
    cv::Mat slope_x;
    cv::Mat slope_y;
    cv::Mat steepness;
    cv::Sobel(distance, slope_x, CV_32F, 1, 0, 3, 1.0 / 8);
    cv::Sobel(distance, slope_y, CV_32F, 0, 1, 3, 1.0 / 8);
    cv::magnitude(slope_x, slope_y, steepness);
    return steepness;
}

/// Where two colours of a subject meet, their blend may pass through the backdrop's colour. Such a pixel lies
/// half way between what is on both sides of it; in an opening both sides are alike and the pixel is neither.
bool is_blend(const cv::Mat& rgb, cv::Point at) {
    const cv::Rect frame({}, rgb.size());
    for (const cv::Point step : {cv::Point(across, 0), cv::Point(0, across), cv::Point(across, across),
                                 cv::Point(across, -across)}) {
        if (!frame.contains(at + step) || !frame.contains(at - step)) continue;
        const cv::Vec3f one = rgb.at<cv::Vec3b>(at + step);
        const cv::Vec3f other = rgb.at<cv::Vec3b>(at - step);
        if (cv::norm((one + other) / 2 - cv::Vec3f(rgb.at<cv::Vec3b>(at))) <
            blend_tolerance * cv::norm(one - other))
            return true;
    }
    return false;
}

cv::Mat blends_in(const cv::Mat& rgb, const cv::Mat& where) {
    cv::Mat blends = cv::Mat::zeros(rgb.size(), CV_8U);
    for (int y = 0; y < rgb.rows; ++y) {
        for (int x = 0; x < rgb.cols; ++x) {
            if (where.at<uchar>(y, x) != 0 && is_blend(rgb, {x, y})) blends.at<uchar>(y, x) = 255;
        }
    }
    return blends;
}

}  // namespace

cv::Mat find_gaps(const cv::Mat& rgb, const BorderModel& model) {
    cv::Mat sides;
    const cv::Mat disc = cv::getStructuringElement(cv::MORPH_ELLIPSE, {width_max + 2, width_max + 2});
    cv::morphologyEx(model.distance, sides, cv::MORPH_CLOSE, disc);
    const cv::Mat depth = sides - model.distance;
    const cv::Mat valley = (depth > depth_share_min * sides) & (sides > 2 * model.far);
    const cv::Mat steepness = steepness_of(model.distance);
    // On the flanks of an opening every pixel is a blend of its side and its floor: only floors are asked.
    const cv::Mat floor = valley & (depth > floor_share_min * sides);
    const cv::Mat blends = blends_in(rgb, valley);
    cv::Mat labels;
    cv::Mat stats;
    cv::Mat centres;
    const int count = cv::connectedComponentsWithStats(valley, labels, stats, centres, 8);
    cv::Mat gaps = cv::Mat::zeros(valley.size(), CV_8U);
    for (int part = 1; part < count; ++part) {
        const cv::Rect box(stats.at<int>(part, cv::CC_STAT_LEFT), stats.at<int>(part, cv::CC_STAT_TOP),
                           stats.at<int>(part, cv::CC_STAT_WIDTH), stats.at<int>(part, cv::CC_STAT_HEIGHT));
        if (std::max(box.width, box.height) < length_min) continue;
        // With a rim around it: a box that is all valley would have no outline inside it.
        const cv::Rect around = (box + cv::Size(4, 4) - cv::Point(2, 2)) & cv::Rect({}, valley.size());
        const cv::Mat inside = labels(around) == part;
        cv::Mat asked = inside & floor(around);
        if (cv::countNonZero(asked) == 0) asked = inside;
        if (cv::mean(blends(around), asked)[0] > blend_share_max * 255) continue;
        cv::Mat rim;
        cv::morphologyEx(inside, rim, cv::MORPH_GRADIENT, cv::Mat::ones(3, 3, CV_8U));
        const double steep = cv::mean(steepness(around), rim)[0];
        const double deep = cv::mean(depth(around), inside)[0];
        if (steep >= steepness_min * deep) gaps(around).setTo(255, inside);
    }
    return gaps;
}

}  // namespace darkroom::imaging
