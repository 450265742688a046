#include "imaging/ops/region_cover.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "imaging/ops/param_values.h"
#include "imaging/ops/removal_region.h"

namespace darkroom::imaging {
namespace {

constexpr int surroundings_min = 32;  // pixels around the region from which it is filled

struct Reach {
    double grow_px;
    double feather_px;
};

Reach reach_of(const boost::json::object& params, cv::Size size) {
    const double long_side = std::max(size.width, size.height);
    return {.grow_px = std::clamp(number_param(params, "grow", 0.008), 0.0, 0.1) * long_side,
            .feather_px = std::clamp(number_param(params, "feather", 0.004), 0.0, 0.05) * long_side};
}

// The region's box with its own size around it on all sides.
cv::Rect surroundings(const cv::Mat& region, const Reach& reach) {
    const cv::Rect box = cv::boundingRect(region);
    const int beyond = static_cast<int>(std::ceil(reach.grow_px + reach.feather_px));
    const int x = std::max(surroundings_min, box.width) + beyond;
    const int y = std::max(surroundings_min, box.height) + beyond;
    return cv::Rect(box.x - x, box.y - y, box.width + 2 * x, box.height + 2 * y) &
           cv::Rect({}, region.size());
}

std::string percent(double share) {
    return std::to_string(static_cast<int>(std::lround(share * 100))) + " %";
}

}  // namespace

Result<cv::Mat, OperationError> wanted_region(const cv::Mat& picture, const boost::json::object& params,
                                              const OperationParts& parts) {
    auto region = draw_region(params, picture.size(), parts.mask);
    if (!region) return region;
    if (flag_param(params, "include_shadow", false)) include_shadow(picture, *region);
    const double share = region_share(*region);
    const double most = std::clamp(number_param(params, "max_region", 0.5), 0.01, 0.9);
    if (share > most) {
        return Fail(OperationError{"region_too_large", "The region covers " + percent(share) +
                                                           " of the picture; max_region allows " +
                                                           percent(most) + "."});
    }
    return region;
}

double region_share(const cv::Mat& region) {
    return static_cast<double>(cv::countNonZero(region)) / static_cast<double>(region.total());
}

Cover cover_of(const cv::Mat& region, const boost::json::object& params) {
    const Reach reach = reach_of(params, region.size());
    Cover cover;
    cover.box = surroundings(region, reach);
    cv::Mat distance;
    cv::distanceTransform(region(cover.box) == 0, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    cover.share.create(distance.size(), CV_32F);
    for (int y = 0; y < distance.rows; ++y) {
        for (int x = 0; x < distance.cols; ++x) {
            const double beyond = distance.at<float>(y, x) - reach.grow_px;
            const double share = beyond <= 0 ? 1 : 1 - beyond / std::max(reach.feather_px, 1e-9);
            cover.share.at<float>(y, x) = static_cast<float>(std::clamp(share, 0.0, 1.0));
        }
    }
    return cover;
}

cv::Mat drawn_cover(const Cover& cover, cv::Size size) {
    cv::Mat drawn = cv::Mat::zeros(size, CV_8U);
    cover.share.convertTo(drawn(cover.box), CV_8U, 255);
    return drawn;
}

void blend(cv::Mat& picture, const cv::Mat& filled, const cv::Mat& share) {
    const int channels = picture.channels();
    for (int y = 0; y < picture.rows; ++y) {
        uchar* row = picture.ptr<uchar>(y);
        const uchar* from = filled.ptr<uchar>(y);
        for (int x = 0; x < picture.cols; ++x) {
            const float part = share.at<float>(y, x);
            if (part <= 0) continue;
            for (int i = x * channels; i < (x + 1) * channels; ++i) {
                const auto before = static_cast<float>(row[i]);
                row[i] = cv::saturate_cast<uchar>(before + part * (static_cast<float>(from[i]) - before));
            }
        }
    }
}

}  // namespace darkroom::imaging
