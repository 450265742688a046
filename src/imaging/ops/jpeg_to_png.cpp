// jpeg_to_png: an opaque picture with a plain background becomes one with transparency. Chooses among three
// methods by what the border says, and leaves pictures alone that are transparent already.
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <string>

#include "imaging/ops/jpeg_to_png_methods.h"
#include "imaging/ops/operation.h"
#include "imaging/ops/operations.h"
#include "imaging/ops/param_values.h"

namespace darkroom::imaging {
namespace {

constexpr double noop_share = 0.005;  // of transparent pixels
constexpr double uniform_border = 0.92;
constexpr double visible_alpha = 0.02;  // what trim keeps

template <class T>
double transparent_share(const cv::Mat& rgba, T nearly_full) {
    cv::Mat alpha;
    cv::extractChannel(rgba, alpha, 3);
    return cv::countNonZero(alpha < nearly_full) / static_cast<double>(alpha.total());
}

bool is_transparent_already(const cv::Mat& picture) {
    if (picture.channels() != 4) return false;
    const double share =
        picture.depth() == CV_16U ? transparent_share(picture, 64'250) : transparent_share(picture, 250);
    return share >= noop_share;
}

// A few translucent pixels are no cut-out; they are shown as on a white page.
cv::Mat as_opaque(const cv::Mat& picture) {
    if (picture.channels() == 3) return picture;
    const double full = picture.depth() == CV_16U ? 65'535 : 255;
    cv::Mat opaque(picture.size(), CV_MAKETYPE(picture.depth(), 3));
    cv::parallel_for_(cv::Range(0, picture.rows), [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            cv::Mat from, channels[4];
            picture.row(y).convertTo(from, CV_32F);
            cv::split(from, channels);
            const cv::Mat share = channels[3] * (1 / full);
            for (int c = 0; c < 3; ++c) channels[c] = channels[c].mul(share) + (1.0 - share) * full;
            cv::Mat to;
            cv::merge(channels, 3, to);
            to.convertTo(opaque.row(y), picture.depth());
        }
    });
    return opaque;
}

cv::Mat with_depth(const cv::Mat& picture, int depth) {
    if (picture.depth() == depth) return picture;
    cv::Mat result;
    picture.convertTo(result, depth, depth == CV_16U ? 257.0 : 1 / 257.0);
    return result;
}

cv::Rect visible_box(const cv::Mat& rgba) {
    cv::Mat alpha;
    cv::extractChannel(rgba, alpha, 3);
    const double full = rgba.depth() == CV_16U ? 65'535 : 255;
    return cv::boundingRect(alpha > visible_alpha * full);
}

void measure(OperationOutput& output) {
    cv::Mat alpha, levels;
    cv::extractChannel(output.main, alpha, 3);
    alpha.convertTo(levels, CV_8U, alpha.depth() == CV_16U ? 1 / 257.0 : 1.0);
    const auto total = static_cast<double>(levels.total());
    output.measures["alpha_coverage"] = cv::mean(levels)[0] / 255;
    output.measures["soft_alpha_fraction"] = cv::countNonZero((levels > 5) & (levels < 250)) / total;
}

OperationResult by_matte(const cv::Mat& picture, const boost::json::object& params,
                         const OperationParts& parts) {
    const OperationTraits* matting = find_operation("bg_remove");
    if (matting == nullptr) {
        return Fail(OperationError{"recipe_not_found",
                                   "This picture's background is not plain, and no matting is installed."});
    }
    boost::json::object asked{{"v", 1}};
    if (!flag_param(params, "despill", true)) asked["halo"] = boost::json::object{{"mode", "off"}};
    OperationResult result = matting->run(with_depth(picture, CV_8U), asked, parts);
    if (result) result->mask.release();  // the alpha of main says it all
    return result;
}

OperationResult by_key(const cv::Mat& picture, const cv::Mat& distance, const KeySettings& settings,
                       bool unmix) {
    OperationOutput output;
    output.main = unmix ? unmix_key_colour(picture, distance, settings)
                        : remove_key_colour(picture, distance, settings);
    if (visible_box(output.main).empty()) {
        return Fail(
            OperationError{"no_subject", "Everything in the picture has the colour of its background."});
    }
    return output;
}

KeySettings read_settings(const cv::Mat& picture, const boost::json::object& params) {
    const auto key = parse_key(word_param(params, "key", "auto"));
    return {.key = key ? *key : border_key(picture),
            .tolerance = std::clamp(number_param(params, "tolerance", 8), 0.0, 60.0),
            .softness = std::clamp(number_param(params, "softness", 6), 0.0, 30.0),
            .remove_interior = word_param(params, "interior", "keep") == "remove",
            .despill = flag_param(params, "despill", true),
            .deblock = flag_param(params, "deblock", true)};
}

std::string choose_method(const cv::Mat& picture, const cv::Mat& distance, const KeySettings& settings) {
    if (border_uniformity(distance, settings.tolerance) < uniform_border) return "matte";
    if (!has_few_colours(picture, distance, settings.tolerance)) return "colour_key";
    // unmix must give the input back, ringing and all; keying may drop it.
    const bool specks =
        settings.deblock && ringing_would_show(picture, distance, settings.key, settings.tolerance);
    return specks ? "colour_key" : "unmix";
}

OperationResult make_transparent(const cv::Mat& picture, const boost::json::object& params,
                                 const OperationParts& parts, std::string& method) {
    if (method == "matte") return by_matte(picture, params, parts);
    const KeySettings settings = read_settings(picture, params);
    const cv::Mat distance = distance_to_key(picture, settings.key);
    if (method == "auto") method = choose_method(picture, distance, settings);
    if (method == "matte") return by_matte(picture, params, parts);
    return by_key(picture, distance, settings, method == "unmix");
}

}  // namespace

OperationResult jpeg_to_png(const cv::Mat& picture, const boost::json::object& params,
                            const OperationParts& parts) {
    if (is_transparent_already(picture)) {
        OperationOutput output;
        output.main = picture;
        output.noop = true;
        return output;
    }
    const auto* png = params.if_contains("png");
    const bool wide = png != nullptr && png->is_object() && number_param(png->get_object(), "bits", 8) == 16;
    const cv::Mat source = with_depth(as_opaque(picture), wide ? CV_16U : CV_8U);
    std::string method(word_param(params, "method", "auto"));
    OperationResult result = make_transparent(source, params, parts, method);
    if (!result || result->noop) return result;
    if (wide) result->main = with_depth(result->main, CV_16U);
    measure(*result);
    result->measures["method"] = method;
    if (flag_param(params, "trim", false)) result->main = result->main(visible_box(result->main)).clone();
    return result;
}

}  // namespace darkroom::imaging
