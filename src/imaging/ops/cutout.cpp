#include "imaging/ops/cutout.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/alpha_adjust.h"
#include "imaging/ops/alpha_refine.h"
#include "imaging/ops/border_model.h"
#include "imaging/ops/confidence.h"
#include "imaging/ops/outline_score.h"
#include "imaging/ops/segmentation.h"
#include "imaging/ops/shadow_flood.h"
#include "imaging/ops/shadows.h"
#include "imaging/ops/trimap.h"

namespace darkroom::imaging {
namespace {

constexpr int alpha_long_side =
    1600;  // a larger alpha is found at this size and enlarged along the picture's edges
constexpr int fields_long_side = 1024;
constexpr double coverage_min = 0.002;
constexpr double coverage_max = 0.995;

cv::Size bounded(cv::Size size, int long_side) {
    const double scale = std::min(1.0, static_cast<double>(long_side) / std::max(size.width, size.height));
    return {std::max(1, cvRound(size.width * scale)), std::max(1, cvRound(size.height * scale))};
}

cv::Mat as_float(const cv::Mat& picture, cv::Size size) {
    cv::Mat out;
    if (size == picture.size()) {
        picture.convertTo(out, CV_32F, 1.0 / 255);
        return out;
    }
    cv::resize(picture, out, size, 0, 0, cv::INTER_AREA);
    out.convertTo(out, CV_32F, 1.0 / 255);
    return out;
}

OperationError no_subject(const char* why) { return {"no_subject", why}; }

/// Shrinking, feathering and closing at the alpha's size; the answer is the alpha at the picture's size.
cv::Mat finished_alpha(RefinedAlpha& refined, const Trimap& trimap, const cv::Mat& picture,
                       const BgRemoveParams& params, double unit) {
    const double alpha_unit = unit * refined.alpha.cols / picture.cols;
    cv::Mat labels = trimap.labels;
    if (!params.semitransparency) {
        const cv::Mat before = refined.alpha.clone();
        close_veils(refined.alpha, trimap.band_px);
        labels = labels.clone();
        labels.setTo(Trimap::subject, refined.alpha > before);
    }
    cv::Mat alpha = enlarge_alpha(refined.alpha, refined.coefficients, labels, picture);
    const double shrink = (params.shrink_px + (params.halo == HaloMode::strong ? 1 : 0)) * alpha_unit;
    const double feather = params.feather_px * alpha_unit;
    if (shrink == 0 && feather == 0) return alpha;
    cv::Mat changed = shifted_inwards(refined.alpha, shrink);
    if (feather > 0) changed = feathered(changed, feather);
    cv::Mat large;
    changed.convertTo(changed, CV_8U, 255);
    cv::resize(changed, large, picture.size(), 0, 0, cv::INTER_LINEAR);
    if (feather > 0) return large;
    // Where the outline only moves, what the picture's own edges say about it stays the limit.
    return shrink > 0 ? cv::Mat(cv::min(alpha, large)) : cv::Mat(cv::max(alpha, large));
}

cv::Mat photographed_shadow(const WorkingCopy& copy, const BorderModel& model, const ShadowFlood& flood,
                            const cv::Mat& mask) {
    cv::Mat ground;
    cv::cvtColor(model.surface, ground, cv::COLOR_Lab2RGB);
    cv::Mat picture;
    copy.rgb.convertTo(picture, CV_32F, 1.0 / 255);
    const cv::Mat shadowed = (flood.flooded | flood.candidate) & ~mask;
    return keep_shadow(picture, ground, shadowed, mask);
}

Result<std::optional<Segmentation>, OperationError> find_mask(const WorkingCopy& copy,
                                                              const BorderModel& model,
                                                              const ShadowFlood& flood, ModelStage* stage) {
    if (stage == nullptr || stage->kind() != StageKind::coarse_mask) return segment(copy, model, flood);
    const auto likelihood = stage->run(copy.rgb, {});
    if (!likelihood) return Fail(likelihood.error());
    Segmentation found;
    found.flood_used = false;
    found.mask = *likelihood > 0.5F;
    if (cv::countNonZero(found.mask) == 0) return std::optional<Segmentation>();
    found.score = outline_score(copy.lab, found.mask);
    return std::optional(std::move(found));
}

Result<RefinedAlpha, OperationError> find_alpha(const cv::Mat& guide, const Trimap& trimap,
                                                ModelStage* stage) {
    if (stage == nullptr || stage->kind() != StageKind::alpha) return refine_alpha(guide, trimap);
    cv::Mat picture;
    guide.convertTo(picture, CV_8U, 255);
    const auto alpha = stage->run(picture, {});
    if (!alpha) return Fail(alpha.error());
    return settled_alpha(guide, trimap, *alpha);
}

}  // namespace

Result<Cutout, OperationError> cut_out(const cv::Mat& picture, const BgRemoveParams& params, double unit,
                                       ModelStage* stage) {
    const WorkingCopy copy = make_working_copy(picture);
    const BorderModel model = model_border(copy.lab);
    const ShadowFlood flood = flood_shadows(copy.linear, copy.luma, model);
    const auto found = find_mask(copy, model, flood, stage);
    if (!found) return Fail(found.error());
    const std::optional<Segmentation>& segmentation = *found;
    if (!segmentation) return Fail(no_subject("Nothing in the picture stands out from its background."));

    const cv::Size size = bounded(picture.size(), alpha_long_side);
    const Trimap trimap = make_trimap(segmentation->mask, size, params.edges);
    const cv::Mat guide = as_float(picture, size);
    auto outline = find_alpha(guide, trimap, stage);
    if (!outline) return Fail(outline.error());
    RefinedAlpha refined = *std::move(outline);
    const double coverage = cv::mean(refined.alpha)[0];
    if (coverage < coverage_min)
        return Fail(no_subject("Nothing in the picture stands out from its background."));
    if (coverage > coverage_max) return Fail(no_subject("No background was found around the subject."));

    Cutout cutout;
    cutout.confidence = estimate_confidence(copy, model, *segmentation, refined.alpha);
    cutout.alpha = finished_alpha(refined, trimap, picture, params, unit);
    const cv::Size fields_size = bounded(size, fields_long_side);
    cv::Mat small_alpha;
    cv::resize(refined.alpha, small_alpha, fields_size, 0, 0, cv::INTER_AREA);
    cutout.fields = estimate_colours(as_float(picture, fields_size), small_alpha);
    if (params.shadow.mode == ShadowMode::keep) {
        cutout.kept_shadow = photographed_shadow(copy, model, flood, segmentation->mask);
    }
    return cutout;
}

}  // namespace darkroom::imaging
