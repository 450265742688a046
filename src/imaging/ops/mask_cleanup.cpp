#include "imaging/ops/mask_cleanup.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "imaging/ops/gaps.h"

namespace darkroom::imaging {
namespace {

constexpr double open_rim_max = 0.35;  // a shadow patch has at least this share of its rim on background
constexpr double crumb_share = 0.005;  // of the largest part
constexpr int hole_px_min = 6;

struct Parts {
    cv::Mat labels;  // CV_32S, 0 outside
    cv::Mat stats;
    int count = 0;  // with label 0

    int area(int part) const { return stats.at<int>(part, cv::CC_STAT_AREA); }
    cv::Rect box(int part) const {
        return {stats.at<int>(part, cv::CC_STAT_LEFT), stats.at<int>(part, cv::CC_STAT_TOP),
                stats.at<int>(part, cv::CC_STAT_WIDTH), stats.at<int>(part, cv::CC_STAT_HEIGHT)};
    }
};

Parts parts_of(const cv::Mat& mask, int connectivity) {
    Parts parts;
    cv::Mat centres;
    parts.count = cv::connectedComponentsWithStats(mask, parts.labels, parts.stats, centres, connectivity);
    return parts;
}

/// The share of the pixels around a part that are background.
double open_rim_share(const cv::Mat& mask, const Parts& parts, int part) {
    cv::Rect box = parts.box(part) + cv::Size(2, 2) - cv::Point(1, 1);
    box &= cv::Rect({}, mask.size());
    const cv::Mat inside = parts.labels(box) == part;
    cv::Mat rim;
    cv::dilate(inside, rim, {});
    rim &= ~inside;
    const int length = cv::countNonZero(rim);
    return length == 0 ? 0 : static_cast<double>(cv::countNonZero(rim & (mask(box) == 0))) / length;
}

void drop_shadow_patches(cv::Mat& mask, const BorderModel& model, const ShadowFlood& flood) {
    cv::Mat shadowy = mask & flood.candidate & (model.distance < 3 * model.far);
    cv::morphologyEx(shadowy, shadowy, cv::MORPH_OPEN, cv::Mat::ones(3, 3, CV_8U));
    const Parts parts = parts_of(shadowy, 4);
    for (int part = 1; part < parts.count; ++part) {
        if (open_rim_share(mask, parts, part) <= open_rim_max) continue;
        const cv::Rect box = parts.box(part);
        mask(box).setTo(0, parts.labels(box) == part);
    }
}

void drop_crumbs(cv::Mat& mask) {
    const Parts parts = parts_of(mask, 8);
    int largest = 0;
    for (int part = 1; part < parts.count; ++part) largest = std::max(largest, parts.area(part));
    for (int part = 1; part < parts.count; ++part) {
        if (parts.area(part) >= crumb_share * largest) continue;
        const cv::Rect box = parts.box(part);
        mask(box).setTo(0, parts.labels(box) == part);
    }
}

/// A handle's opening shows the background; a white label does not become a hole because it is white.
void close_false_holes(cv::Mat& mask, const BorderModel& model) {
    const Parts parts = parts_of(~mask, 4);
    for (int part = 1; part < parts.count; ++part) {
        const cv::Rect box = parts.box(part);
        const bool at_frame = box.x == 0 || box.y == 0 || box.br().x == mask.cols || box.br().y == mask.rows;
        if (at_frame) continue;
        const cv::Mat hole = parts.labels(box) == part;
        const bool shows_background =
            parts.area(part) >= hole_px_min && cv::mean(model.distance(box), hole)[0] < model.far;
        if (!shows_background) mask(box).setTo(255, hole);
    }
}

}  // namespace

void clean_up_mask(cv::Mat& mask, const cv::Mat& rgb, const BorderModel& model, const ShadowFlood& flood,
                   bool drop_shadows) {
    if (drop_shadows) drop_shadow_patches(mask, model, flood);
    drop_crumbs(mask);
    close_false_holes(mask, model);
    mask &= ~find_gaps(rgb, model);
}

}  // namespace darkroom::imaging
