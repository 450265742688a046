// cutout_subject: one chosen thing of a picture, cut out and cropped to a canvas. Finding is bg_remove's;
// here it is chosen among several, edged, given its shadow, and placed.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/compose.h"
#include "imaging/ops/cutout_subject_params.h"
#include "imaging/ops/found_subject.h"
#include "imaging/ops/operation.h"
#include "imaging/ops/picture_parts.h"
#include "imaging/ops/scaled_rgba.h"
#include "imaging/ops/sticker_edge.h"
#include "imaging/ops/subject_parts.h"

namespace darkroom::imaging {
namespace {

constexpr double surroundings = 0.15;  // of a chosen box: background that has to be seen around the subject
constexpr double doubtful = 0.6;       // as bg_remove

/// In `picture`'s pixels; the box with some of what is around it, for the background is learnt there.
cv::Rect looked_at(const CutoutSubjectParams& params, cv::Size picture) {
    const cv::Rect whole({}, picture);
    if (params.select != Select::box) return whole;
    const double x = params.box.x - surroundings * params.box.width;
    const double y = params.box.y - surroundings * params.box.height;
    const cv::Point low(static_cast<int>(std::floor(x * picture.width)),
                        static_cast<int>(std::floor(y * picture.height)));
    const cv::Size size(
        static_cast<int>(std::ceil(params.box.width * (1 + 2 * surroundings) * picture.width)),
        static_cast<int>(std::ceil(params.box.height * (1 + 2 * surroundings) * picture.height)));
    return cv::Rect(low, size) & whole;
}

/// The box as shares of the part of the picture that was looked at.
cv::Rect2d box_within(const CutoutSubjectParams& params, cv::Rect region, cv::Size picture) {
    return {(params.box.x * picture.width - region.x) / region.width,
            (params.box.y * picture.height - region.y) / region.height,
            params.box.width * picture.width / region.width,
            params.box.height * picture.height / region.height};
}

std::vector<int> chosen_parts(const SubjectParts& parts, const CutoutSubjectParams& params, cv::Rect region,
                              cv::Size picture) {
    const auto only = [](int part) { return part == 0 ? std::vector<int>{} : std::vector<int>{part}; };
    switch (params.select) {
        case Select::largest:
            return only(parts.largest());
        case Select::central:
            return only(parts.most_central());
        case Select::point:
            return only(parts.at(params.point));
        case Select::box:
            return parts.mostly_inside(box_within(params, region, picture));
        case Select::all:
            break;
    }
    std::vector<int> all(static_cast<std::size_t>(parts.count()));
    std::iota(all.begin(), all.end(), 1);
    return all;
}

const char* why_nothing(Select select) {
    if (select == Select::point) return "There is no subject at the point.";
    if (select == Select::box) return "There is no subject in the box.";
    return "Nothing in the picture stands out from its background.";
}

/// The subject's box with the photo's own shadow, where that was kept; shadows of other things are further
/// off.
cv::Rect with_kept_shadow(const cv::Mat& rgba, cv::Rect box) {
    const int reach = std::max(box.width, box.height) / 2;
    const cv::Rect around(box.tl() - cv::Point(reach, reach), box.size() + cv::Size(2 * reach, 2 * reach));
    return (visible_box_of(channel_of(rgba, 3)) & around) | box;
}

/// The cut-out on a canvas of its own size, with edge and shadow, and where in the picture its corner lies.
Shaded dressed(const cv::Mat& rgba, cv::Rect box, const CutoutSubjectParams& params, double long_side) {
    const int room = params.outline ? static_cast<int>(std::ceil(params.outline->width * long_side)) + 1 : 0;
    cv::Mat own = on_canvas(rgba(box), box.size() + cv::Size(2 * room, 2 * room), {room, room});
    if (params.outline) draw_sticker_edge(own, params.outline->width * long_side, params.outline->color);
    Shaded result = with_made_shadow(own, params.matte.shadow, long_side, true);
    result.origin += box.tl() - cv::Point(room, room);
    return result;
}

struct Placed {
    cv::Mat rgba;
    cv::Point2d at;  // where the picture's origin lies on the canvas
    double scale = 1;
};

Placed place(const Shaded& content, cv::Rect box, const CutoutSubjectParams& params) {
    const double unit = std::max(box.width, box.height);
    const auto side = [&](std::size_t i) { return cvRound(params.matte.margin[i] * unit); };
    const cv::Point corner(side(3), side(0));
    const cv::Size whole = content.rgba.size() + cv::Size(side(3) + side(1), side(0) + side(2));
    cv::Size canvas = whole;
    if (params.square) canvas.width = canvas.height = std::max(whole.width, whole.height);
    double scale = 1;
    if (params.canvas) {
        canvas = *params.canvas;
        scale = std::min(static_cast<double>(canvas.width) / whole.width,
                         static_cast<double>(canvas.height) / whole.height);
    }
    const double free_x = canvas.width - scale * whole.width;
    const double free_y = canvas.height - scale * whole.height;
    const cv::Point at(cvRound(free_x / 2 + scale * corner.x),
                       cvRound((params.align_bottom ? free_y : free_y / 2) + scale * corner.y));
    const cv::Size size(std::max(1, cvRound(scale * content.rgba.cols)),
                        std::max(1, cvRound(scale * content.rgba.rows)));
    Placed placed;
    placed.rgba = on_canvas(scaled_rgba(content.rgba, size), canvas, at);
    placed.at = cv::Point2d(at) - cv::Point2d(content.origin) * scale;
    placed.scale = scale;
    return placed;
}

boost::json::array box_json(double x, double y, double width, double height) {
    return {std::lround(x), std::lround(y), std::lround(width), std::lround(height)};
}

OperationOutput finished(const Placed& placed, cv::Rect box, const BgRemoveParams& params,
                         double confidence) {
    OperationOutput output;
    output.mask = channel_of(placed.rgba, 3);
    output.main = params.alpha_only   ? output.mask
                  : params.background ? flattened(placed.rgba, *params.background)
                                      : placed.rgba;
    output.measures = matte_measures(output.mask, confidence);
    output.measures["box"] = box_json(box.x, box.y, box.width, box.height);
    output.measures["placed"] =
        box_json(placed.at.x + placed.scale * box.x, placed.at.y + placed.scale * box.y,
                 placed.scale * box.width, placed.scale * box.height);
    output.measures["scale"] = std::round(placed.scale * 1e4) / 1e4;
    return output;
}

}  // namespace

OperationResult cutout_subject(const cv::Mat& picture, const boost::json::object& given,
                               const OperationParts& beside) {
    const CutoutSubjectParams params = read_cutout_subject_params(given);
    const cv::Rect region = looked_at(params, picture.size());
    auto found = find_subject(picture, region, params.matte, beside.stage);
    if (!found) return Fail(found.error());
    const SubjectParts parts(found->cutout.alpha);
    const std::vector<int> chosen = chosen_parts(parts, params, region, picture.size());
    if (static_cast<int>(chosen.size()) < parts.count()) parts.keep(found->cutout.alpha, chosen);
    const cv::Rect visible = visible_box_of(found->cutout.alpha);
    if (chosen.empty() || visible.empty())
        return Fail(OperationError{"no_subject", why_nothing(params.select)});

    const cv::Rect box = visible + region.tl();
    const cv::Mat rgba = lifted(*found, params.matte);
    const cv::Rect shown = with_kept_shadow(rgba, box);
    const Shaded content = dressed(rgba, shown, params, std::max(picture.cols, picture.rows));
    OperationOutput output =
        finished(place(content, box, params), box, params.matte, found->cutout.confidence);
    output.measures["subjects"] = parts.count();
    if (found->cutout.confidence < std::max(params.matte.min_confidence, doubtful)) {
        output.warnings.push_back(
            {"low_contrast_subject", "The subject is hard to tell from its background; check the outline."});
    }
    return output;
}

}  // namespace darkroom::imaging
