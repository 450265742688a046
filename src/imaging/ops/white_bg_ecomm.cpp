// white_bg_ecomm: a product on the exact background that shops ask for, at the size and share of the canvas
// they ask for. What the file has to keep is looked at once more after it was written: shop_report.cpp.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "imaging/ops/compose.h"
#include "imaging/ops/found_subject.h"
#include "imaging/ops/operation.h"
#include "imaging/ops/picture_parts.h"
#include "imaging/ops/scaled_rgba.h"
#include "imaging/ops/shop_rules.h"
#include "imaging/ops/shop_tone.h"

namespace darkroom::imaging {
namespace {

constexpr int preview_side = 625;
constexpr double doubtful = 0.6;    // as bg_remove
constexpr double noticeable = 1.5;  // enlarged by more, a product looks soft
constexpr int frame_pixels = 3;     // with more of it on the photo's edge, the subject goes on beyond

/// The subject reaches the edge of the photo, so some of it is probably not on it.
bool is_cropped(const cv::Mat& alpha) {
    const cv::Mat solid = alpha > 127;
    const int touching = cv::countNonZero(solid.row(0)) + cv::countNonZero(solid.row(solid.rows - 1)) +
                         cv::countNonZero(solid.col(0)) + cv::countNonZero(solid.col(solid.cols - 1));
    return touching > frame_pixels;
}

/// The picture and all that was learnt of its colours, or the outline would keep the old cast.
bool balance(FoundSubject& found) {
    const auto curves = curves_by_ground(found.rgb(found.region), found.cutout.alpha);
    if (!curves) return false;
    cv::Mat balanced;  // the pixels may be the caller's own
    cv::LUT(found.rgb, *curves, balanced);
    found.rgb = balanced;
    for (cv::Mat* field : {&found.cutout.fields.subject, &found.cutout.fields.background}) {
        cv::Mat levels;
        field->convertTo(levels, CV_8U, 255);
        cv::LUT(levels, *curves, levels);
        levels.convertTo(*field, CV_32F, 1.0 / 255);
    }
    return true;
}

struct Plan {
    cv::Size canvas;
    double scale = 1;  // of the subject
    bool shrunk = false;
};

Plan plan_canvas(const EcommParams& params, cv::Size box) {
    Plan plan;
    plan.canvas = params.size;
    plan.scale = params.fill * std::min(static_cast<double>(plan.canvas.width) / box.width,
                                        static_cast<double>(plan.canvas.height) / box.height);
    if (plan.scale > 1 && !params.allow_upscale) {
        plan.canvas = {std::max(1, cvRound(plan.canvas.width / plan.scale)),
                       std::max(1, cvRound(plan.canvas.height / plan.scale))};
        plan.scale = 1;
        plan.shrunk = true;
    }
    const int longer = std::max(plan.canvas.width, plan.canvas.height);
    if (params.preview && longer > preview_side) {
        const double smaller = static_cast<double>(preview_side) / longer;
        plan.canvas = {cvRound(plan.canvas.width * smaller), cvRound(plan.canvas.height * smaller)};
        plan.scale *= smaller;
    }
    return plan;
}

/// What is all but invisible would still not be white.
void clear_faint(cv::Mat& rgba) {
    for (int y = 0; y < rgba.rows; ++y) {
        for (int x = 0; x < rgba.cols; ++x) {
            uchar& alpha = rgba.at<cv::Vec4b>(y, x)[3];
            if (alpha <= visible_alpha_max) alpha = 0;
        }
    }
}

struct Stood {
    cv::Mat rgba;  // of the canvas
    double fill = 0;
};

/// `box` is the subject in `rgba`, which may show a kept shadow beside it.
Stood stand(const cv::Mat& rgba, cv::Rect box, const Plan& plan, const EcommParams& params) {
    const cv::Rect shown = visible_box_of(channel_of(rgba, 3)) | box;
    const cv::Size size(std::max(1, cvRound(shown.width * plan.scale)),
                        std::max(1, cvRound(shown.height * plan.scale)));
    cv::Mat scaled = scaled_rgba(rgba(shown), size);
    clear_faint(scaled);
    const cv::Point2d corner = cv::Point2d(box.tl() - shown.tl()) * plan.scale;
    const double width = box.width * plan.scale;
    const double height = box.height * plan.scale;
    const double free_y = plan.canvas.height - height;
    const double foot = (1 - params.fill) / 2 * plan.canvas.height;  // as much air below as fill leaves above
    const cv::Point at(cvRound((plan.canvas.width - width) / 2 - corner.x),
                       cvRound((params.align_bottom ? std::max(0.0, free_y - foot) : free_y / 2) - corner.y));
    Stood stood;
    stood.rgba = on_canvas(scaled, plan.canvas, at);
    stood.rgba =
        with_made_shadow(stood.rgba, params.shadow, std::max(plan.canvas.width, plan.canvas.height), false)
            .rgba;
    if (params.shadow.mode != ShadowMode::none) clear_faint(stood.rgba);
    stood.fill = std::max(width / plan.canvas.width, height / plan.canvas.height);
    return stood;
}

void add_warnings(OperationOutput& output, const Plan& plan, const EcommParams& params, double confidence) {
    const int longer = std::max(plan.canvas.width, plan.canvas.height);
    if (plan.shrunk || (!params.preview && longer < params.rules.long_side_recommended)) {
        output.warnings.push_back(
            {"below_recommended_size",
             "The picture is " + std::to_string(plan.canvas.width) + " x " +
                 std::to_string(plan.canvas.height) +
                 " pixels; a larger photo of the product would fill the size asked for."});
    }
    if (plan.scale > noticeable) {
        output.warnings.push_back(
            {"subject_enlarged", "The product was enlarged to fill the picture and may look soft."});
    }
    if (confidence < doubtful) {
        output.warnings.push_back(
            {"low_contrast_subject", "The subject is hard to tell from its background; check the outline."});
    }
}

}  // namespace

OperationResult white_bg_ecomm(const cv::Mat& picture, const boost::json::object& given,
                               const OperationParts& parts) {
    const EcommParams params = read_ecomm_params(given);
    BgRemoveParams matte;
    matte.shadow = params.shadow;
    auto found = find_subject(picture, cv::Rect({}, picture.size()), matte, parts.stage);
    if (!found) return Fail(found.error());
    const cv::Rect box = visible_box_of(found->cutout.alpha);
    if (box.empty()) return Fail(OperationError{"no_subject", "Nothing stands out from the background."});
    const bool cropped = !found->cut_out_before && is_cropped(found->cutout.alpha);
    if (cropped && params.rules.whole_subject && params.strict) {
        return Fail(OperationError{"compliance_failed",
                                   "The subject is cut off by the edge of the photo: subject_cropped."});
    }
    const bool balanced = params.tone && balance(*found);
    const cv::Mat rgba = lifted(*found, matte);
    const Plan plan = plan_canvas(params, box.size());
    const Stood stood = stand(rgba, box, plan, params);

    OperationOutput output;
    output.mask = channel_of(stood.rgba, 3);
    output.main = flattened(stood.rgba, params.background);
    output.measures = matte_measures(output.mask, found->cutout.confidence);
    output.measures["frame_fill"] = std::round(stood.fill * 1e4) / 1e4;
    output.measures["scale"] = std::round(plan.scale * 1e4) / 1e4;
    output.measures["subject_cropped"] = found->cut_out_before ? "unknown" : cropped ? "yes" : "no";
    add_warnings(output, plan, params, found->cutout.confidence);
    if (cropped)
        output.warnings.push_back({"subject_cropped", "The subject is cut off by the edge of the photo."});
    if (params.tone && !balanced)
        output.warnings.push_back({"tone_skipped", "The background is no light neutral one to go by."});
    return output;
}

}  // namespace darkroom::imaging
