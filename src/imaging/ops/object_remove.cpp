// object_remove: takes what lies in a region out of the picture and fills its place from around it. Pixels
// further from the region than grow + feather are the input's, bit for bit: they are never written.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "imaging/ops/operation.h"
#include "imaging/ops/param_values.h"
#include "imaging/ops/patch_fill.h"
#include "imaging/ops/picture_parts.h"
#include "imaging/ops/region_cover.h"
#include "imaging/ops/smooth_fill.h"

namespace darkroom::imaging {
namespace {

// Standard deviation of the Laplacian in the ring; rounding a gradient to 8 bits makes 1.3 of it.
constexpr double plain_texture = 1.5;
constexpr double narrow_px = 3;    // half the width of what a smooth fill closes without a trace
constexpr double misfit_bad = 40;  // levels at which patches have nothing in common any more

struct Filled {
    cv::Mat picture;
    std::string method;
    double misfit = 0;
};

using FillResult = Result<Filled, OperationError>;

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

// Networks know no transparency: it is continued as colours are.
FillResult by_network(const cv::Mat& picture, const cv::Mat& hole, ModelStage& stage) {
    cv::Mat rgb = picture;
    if (picture.channels() == 4) cv::cvtColor(picture, rgb, cv::COLOR_RGBA2RGB);
    auto filled = stage.run(rgb, hole);
    if (!filled) return Fail(filled.error());
    if (picture.channels() == 3) return Filled{*filled, "model", 0};
    cv::Mat rgba = smooth_fill(picture, hole);
    const int from_to[] = {0, 0, 1, 1, 2, 2};
    cv::mixChannels(&*filled, 1, &rgba, 1, from_to, 3);
    return Filled{rgba, "model", 0};
}

FillResult fill(const cv::Mat& picture, const cv::Mat& hole, const boost::json::object& params,
                ModelStage* stage) {
    const auto method = word_param(params, "method", "auto");
    const bool asked = method == "fast" || method == "exemplar";
    if (stage != nullptr && stage->kind() == StageKind::inpaint && !asked)
        return by_network(picture, hole, *stage);
    if (method == "fast" || (method != "exemplar" && smooth_is_enough(picture, hole)))
        return Filled{smooth_fill(picture, hole), "fast", 0};
    const auto seed = static_cast<std::uint64_t>(std::max(0.0, number_param(params, "seed", 0)));
    PatchFill filled = patch_fill(picture, hole, seed);
    return Filled{filled.picture, "exemplar", filled.misfit};
}

void report(OperationOutput& output, const Filled& filled, double share) {
    output.measures["region_share"] = share;
    output.measures["method"] = filled.method;
    if (filled.method == "model") return;  // a network does not say how sure it is
    const double confidence = std::clamp(1 - filled.misfit / misfit_bad, 0.0, 1.0);
    output.measures["confidence"] = confidence;
    if (confidence < 0.5) {
        output.warnings.push_back(
            {"fill_uncertain", "Little around the region is like what has to be there; look at the result."});
    }
}

/// The result on the picture's own pixels, with as many channels as these.
cv::Mat fitted_result(const cv::Mat& result, const cv::Mat& picture, cv::Mat& share) {
    cv::Mat fitted = eight_bit(result);
    if (fitted.size() != picture.size()) {
        const bool smaller = picture.total() < fitted.total();
        cv::resize(fitted, fitted, picture.size(), 0, 0, smaller ? cv::INTER_AREA : cv::INTER_CUBIC);
    }
    if (fitted.channels() == picture.channels()) return fitted;
    if (fitted.channels() == 3) {
        // What made the result knew nothing of the picture's transparency, which therefore stays.
        cv::Mat rgba = picture.clone();
        const int from_to[] = {0, 0, 1, 1, 2, 2};
        cv::mixChannels(&fitted, 1, &rgba, 1, from_to, 3);
        return rgba;
    }
    cv::Mat alpha;  // where the result is transparent, the picture shines through
    channel_of(fitted, 3).convertTo(alpha, CV_32F, 1.0 / 255);
    share = share.mul(alpha);
    cv::cvtColor(fitted, fitted, cv::COLOR_RGBA2RGB);
    return fitted;
}

}  // namespace

OperationResult object_remove(const cv::Mat& picture, const boost::json::object& params,
                              const OperationParts& parts) {
    const auto region = wanted_region(picture, params, parts);
    if (!region) return Fail(region.error());
    const Cover cover = cover_of(*region, params);
    OperationOutput output;
    output.main = picture.clone();
    cv::Mat part = output.main(cover.box);
    const auto filled = fill(part, cover.share > 0, params, parts.stage);
    if (!filled) return Fail(filled.error());
    blend(part, filled->picture, cover.share);
    output.mask = drawn_cover(cover, picture.size());
    report(output, *filled, region_share(*region));
    return output;
}

OperationResult composite_through_region(const cv::Mat& picture, const boost::json::object& params,
                                         const OperationParts& parts) {
    if (parts.result.empty())
        return Fail(OperationError{"output_missing", "There is no result to be put in."});
    const auto region = wanted_region(picture, params, parts);
    if (!region) return Fail(region.error());
    const Cover cover = cover_of(*region, params);
    cv::Mat share = cv::Mat::zeros(picture.size(), CV_32F);
    cover.share.copyTo(share(cover.box));
    const cv::Mat result = fitted_result(parts.result, picture, share);
    OperationOutput output;
    output.main = picture.clone();
    blend(output.main, result, share);
    output.mask = drawn_cover(cover, picture.size());
    output.measures["region_share"] = region_share(*region);
    output.measures["method"] = "composite";
    if (parts.result.size() != picture.size()) {
        output.warnings.push_back({"result_resized", "The result came back as " +
                                                         std::to_string(parts.result.cols) + " x " +
                                                         std::to_string(parts.result.rows) +
                                                         " pixels and was fitted to the picture."});
    }
    return output;
}

}  // namespace darkroom::imaging
