// object_remove: takes what lies in a region out of the picture and fills its place from around it. Pixels
// further from the region than grow + feather are the input's, bit for bit: they are never written.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "imaging/ops/operation.h"
#include "imaging/ops/param_values.h"
#include "imaging/ops/patch_fill.h"
#include "imaging/ops/removal_region.h"
#include "imaging/ops/smooth_fill.h"

namespace darkroom::imaging {
namespace {

constexpr int surroundings_min = 32;  // pixels around the region from which it is filled
// Standard deviation of the Laplacian in the ring; rounding a gradient to 8 bits makes 1.3 of it.
constexpr double plain_texture = 1.5;
constexpr double narrow_px = 3;    // half the width of what a smooth fill closes without a trace
constexpr double misfit_bad = 40;  // levels at which patches have nothing in common any more

struct Settings {
    double grow_px;
    double feather_px;
    std::string method;
    std::uint64_t seed;
};

/// How much of the filled picture is seen, per pixel: 1 in the grown region, falling to 0 across the seam.
struct Cover {
    cv::Rect box;   // outside of it nothing changes
    cv::Mat share;  // CV_32F of the box's size
};

Settings read_settings(const boost::json::object& params, cv::Size size) {
    const double long_side = std::max(size.width, size.height);
    return {.grow_px = std::clamp(number_param(params, "grow", 0.008), 0.0, 0.1) * long_side,
            .feather_px = std::clamp(number_param(params, "feather", 0.004), 0.0, 0.05) * long_side,
            .method = std::string(word_param(params, "method", "auto")),
            .seed = static_cast<std::uint64_t>(std::max(0.0, number_param(params, "seed", 0)))};
}

// The region's box with its own size around it on all sides.
cv::Rect surroundings(const cv::Mat& region, const Settings& settings) {
    const cv::Rect box = cv::boundingRect(region);
    const int reach = static_cast<int>(std::ceil(settings.grow_px + settings.feather_px));
    const int x = std::max(surroundings_min, box.width) + reach;
    const int y = std::max(surroundings_min, box.height) + reach;
    return cv::Rect(box.x - x, box.y - y, box.width + 2 * x, box.height + 2 * y) &
           cv::Rect({}, region.size());
}

Cover cover_of(const cv::Mat& region, const Settings& settings) {
    Cover cover;
    cover.box = surroundings(region, settings);
    cv::Mat distance;
    cv::distanceTransform(region(cover.box) == 0, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    cover.share.create(distance.size(), CV_32F);
    for (int y = 0; y < distance.rows; ++y) {
        for (int x = 0; x < distance.cols; ++x) {
            const double beyond = distance.at<float>(y, x) - settings.grow_px;
            const double share = beyond <= 0 ? 1 : 1 - beyond / std::max(settings.feather_px, 1e-9);
            cover.share.at<float>(y, x) = static_cast<float>(std::clamp(share, 0.0, 1.0));
        }
    }
    return cover;
}

// Ten pixels around the hole, or all there is.
double ring_texture(const cv::Mat& picture, const cv::Mat& hole) {
    cv::Mat grey, laplacian, ring, near, mean, deviation;
    cv::cvtColor(picture, grey, picture.channels() == 4 ? cv::COLOR_RGBA2GRAY : cv::COLOR_RGB2GRAY);
    cv::Laplacian(grey, laplacian, CV_32F);
    cv::dilate(hole, ring, cv::getStructuringElement(cv::MORPH_RECT, {25, 25}));
    cv::dilate(hole, near, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    ring.setTo(cv::Scalar(0), near);
    if (cv::countNonZero(ring) == 0) return 0;
    cv::meanStdDev(laplacian, mean, deviation, ring);
    return deviation.at<double>(0);
}

bool smooth_is_enough(const cv::Mat& picture, const cv::Mat& hole) {
    cv::Mat depth;
    double deepest = 0;
    cv::distanceTransform(hole, depth, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    cv::minMaxLoc(depth, nullptr, &deepest);
    return deepest <= narrow_px || ring_texture(picture, hole) < plain_texture;
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

std::string percent(double share) {
    return std::to_string(static_cast<int>(std::lround(share * 100))) + " %";
}

void report(OperationOutput& output, const std::string& method, double misfit, double share) {
    const double confidence = std::clamp(1 - misfit / misfit_bad, 0.0, 1.0);
    output.measures["region_share"] = share;
    output.measures["method"] = method;
    output.measures["confidence"] = confidence;
    if (confidence < 0.5) {
        output.warnings.push_back(
            {"fill_uncertain", "Little around the region is like what has to be there; look at the result."});
    }
}

void fill(OperationOutput& output, const cv::Mat& region, const Settings& settings, double share) {
    const Cover cover = cover_of(region, settings);
    const cv::Mat hole = cover.share > 0;
    cv::Mat part = output.main(cover.box);
    const bool smooth =
        settings.method == "fast" || (settings.method != "exemplar" && smooth_is_enough(part, hole));
    double misfit = 0;
    if (smooth) {
        blend(part, smooth_fill(part, hole), cover.share);
    } else {
        const PatchFill filled = patch_fill(part, hole, settings.seed);
        misfit = filled.misfit;
        blend(part, filled.picture, cover.share);
    }
    output.mask = cv::Mat::zeros(region.size(), CV_8U);
    cover.share.convertTo(output.mask(cover.box), CV_8U, 255);
    report(output, smooth ? "fast" : "exemplar", misfit, share);
}

}  // namespace

OperationResult object_remove(const cv::Mat& picture, const boost::json::object& params) {
    auto region = draw_region(params, picture.size());
    if (!region) return Fail(region.error());
    if (flag_param(params, "include_shadow", false)) include_shadow(picture, *region);
    const double share =
        static_cast<double>(cv::countNonZero(*region)) / static_cast<double>(region->total());
    const double most = std::clamp(number_param(params, "max_region", 0.5), 0.01, 0.9);
    if (share > most) {
        return Fail(OperationError{"region_too_large", "The region covers " + percent(share) +
                                                           " of the picture; max_region allows " +
                                                           percent(most) + "."});
    }
    OperationOutput output;
    output.main = picture.clone();
    fill(output, *region, read_settings(params, picture.size()), share);
    return output;
}

}  // namespace darkroom::imaging
