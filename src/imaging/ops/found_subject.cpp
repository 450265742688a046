#include "imaging/ops/found_subject.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/colour_bleed.h"
#include "imaging/ops/compose.h"
#include "imaging/ops/picture_parts.h"

namespace darkroom::imaging {
namespace {

constexpr int side_min = 8;
constexpr int fields_long_side = 1024;

cv::Size bounded(cv::Size size) {
    const double scale =
        std::min(1.0, static_cast<double>(fields_long_side) / std::max(size.width, size.height));
    return {std::max(1, cvRound(size.width * scale)), std::max(1, cvRound(size.height * scale))};
}

/// The alpha that the picture came with, and under it the colours of what is visible next to it.
Cutout cutout_of_alpha(const cv::Mat& rgba) {
    Cutout cutout;
    cutout.alpha = channel_of(rgba, 3);
    cutout.confidence = 1;
    cv::Mat bled = rgba.clone();
    bleed_colours(bled);
    cv::cvtColor(bled, bled, cv::COLOR_RGBA2RGB);
    cv::resize(bled, bled, bounded(rgba.size()), 0, 0, cv::INTER_AREA);
    bled.convertTo(cutout.fields.subject, CV_32F, 1.0 / 255);
    cutout.fields.background = cutout.fields.subject;
    return cutout;
}

OperationError no_subject(const char* why) { return {"no_subject", why}; }

}  // namespace

Result<FoundSubject, OperationError> find_subject(const cv::Mat& picture, cv::Rect region,
                                                  const BgRemoveParams& params, ModelStage* stage) {
    if (std::min(region.width, region.height) < side_min)
        return Fail(no_subject("The place to look in is too small to hold a subject."));
    const cv::Mat pixels = eight_bit(picture);
    FoundSubject found;
    found.region = region;
    found.rgb = pixels;
    if (pixels.channels() == 4) cv::cvtColor(pixels, found.rgb, cv::COLOR_RGBA2RGB);
    if (params.respect_existing_alpha && is_cut_out_already(pixels)) {
        found.cut_out_before = true;
        found.cutout = cutout_of_alpha(pixels(region));
        if (visible_box_of(found.cutout.alpha).empty())
            return Fail(no_subject("Everything in the picture is transparent."));
        return found;
    }
    auto cutout = cut_out(found.rgb(region), params, std::max(picture.cols, picture.rows) / 1024.0, stage);
    if (!cutout) return Fail(cutout.error());
    if (params.fail_on_low_confidence && cutout->confidence < params.min_confidence)
        return Fail(no_subject("No subject was found with the confidence asked for."));
    found.cutout = *std::move(cutout);
    return found;
}

cv::Mat lifted(const FoundSubject& subject, const BgRemoveParams& params) {
    BgRemoveParams bare = params;
    bare.crop = false;
    if (subject.cut_out_before) bare.halo = HaloMode::off;  // its soft pixels have their own colour already
    const bool keeps = params.shadow.mode == ShadowMode::keep && !subject.cutout.kept_shadow.empty();
    if (!keeps) bare.shadow.mode = ShadowMode::none;
    return compose(subject.rgb, subject.region, subject.cutout, bare).rgba;
}

Shaded with_made_shadow(const cv::Mat& rgba, ShadowParams params, double long_side, bool grow) {
    if (params.mode == ShadowMode::none || params.mode == ShadowMode::keep) return {rgba, {}};
    // compose() takes lengths as shares of its own picture's long side.
    const double unit = long_side / std::max(rgba.cols, rgba.rows);
    params.blur *= unit;
    params.offset *= unit;
    BgRemoveParams asked;
    asked.halo = HaloMode::off;
    asked.shadow = params;
    asked.crop = grow;
    cv::Mat rgb;
    cv::cvtColor(rgba, rgb, cv::COLOR_RGBA2RGB);
    const Composition made = compose(rgb, cv::Rect({}, rgba.size()), cutout_of_alpha(rgba), asked);
    return {made.rgba, made.origin};
}

}  // namespace darkroom::imaging
