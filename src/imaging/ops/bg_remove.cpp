// bg_remove: takes the subject of a photo out of its background. This file reads the params, decides what
// there is to do, and reports; cutout.h finds the alpha, compose.h puts the result together.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/bg_remove_params.h"
#include "imaging/ops/compose.h"
#include "imaging/ops/cutout.h"
#include "imaging/ops/operation.h"
#include "imaging/ops/picture_parts.h"

namespace darkroom::imaging {
namespace {

constexpr int side_min = 8;
constexpr double doubtful = 0.6;  // calibrated: below it most results are worth a second look

cv::Rect region_of(const BgRemoveParams& params, cv::Size size) {
    const cv::Rect whole({}, size);
    if (!params.roi) return whole;
    const cv::Rect2d roi = *params.roi;
    const cv::Point low(static_cast<int>(std::floor(roi.x * size.width)),
                        static_cast<int>(std::floor(roi.y * size.height)));
    const cv::Point high(static_cast<int>(std::ceil(roi.br().x * size.width)),
                         static_cast<int>(std::ceil(roi.br().y * size.height)));
    return cv::Rect(low, high) & whole;
}

OperationOutput unchanged(const cv::Mat& picture) {
    OperationOutput output;
    output.main = picture;
    output.mask = eight_bit(channel_of(picture, 3));
    output.measures = matte_measures(output.mask, 1);
    output.noop = true;
    return output;
}

}  // namespace

OperationResult bg_remove(const cv::Mat& picture, const boost::json::object& given,
                          const OperationParts& parts) {
    const BgRemoveParams params = read_bg_remove_params(given);
    if (params.respect_existing_alpha && is_cut_out_already(eight_bit(picture))) return unchanged(picture);
    cv::Mat rgb = eight_bit(picture);
    if (rgb.channels() == 4) cv::cvtColor(rgb, rgb, cv::COLOR_RGBA2RGB);
    const cv::Rect region = region_of(params, rgb.size());
    if (std::min(region.width, region.height) < side_min) {
        return Fail(OperationError{"no_subject", "The region of interest is too small to hold a subject."});
    }
    const auto cutout = cut_out(rgb(region), params, std::max(rgb.cols, rgb.rows) / 1024.0, parts.stage);
    if (!cutout) return Fail(cutout.error());
    if (params.fail_on_low_confidence && cutout->confidence < params.min_confidence) {
        return Fail(OperationError{"no_subject", "No subject was found with the confidence asked for."});
    }
    const cv::Mat rgba = compose(rgb, region, *cutout, params).rgba;
    OperationOutput output;
    output.mask = channel_of(rgba, 3);
    output.main = params.alpha_only   ? output.mask
                  : params.background ? flattened(rgba, *params.background)
                                      : rgba;
    output.measures = matte_measures(output.mask, cutout->confidence);
    if (cutout->confidence < std::max(params.min_confidence, doubtful)) {
        output.warnings.push_back(
            {"low_contrast_subject", "The subject is hard to tell from its background; check the outline."});
    }
    return output;
}

}  // namespace darkroom::imaging
