// restore: an old print as it may have been, by means that invent nothing: defects are filled from around
// them, noise is averaged away, faded contrast stretched, a cast taken out. Colour and faces are for recipes
// with a model. With denoise 0 and scratches, tone off and colour keep it only resamples.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "imaging/ops/defect_mask.h"
#include "imaging/ops/operation.h"
#include "imaging/ops/param_values.h"
#include "imaging/ops/patch_fill.h"
#include "imaging/ops/smooth_fill.h"
#include "imaging/ops/tone_repair.h"
#include "imaging/ops/upscale_denoise.h"

namespace darkroom::imaging {
namespace {

constexpr double wide_px = 4;  // half the width from which a smooth fill would show
constexpr int tears_max = 16;  // that are filled with texture; each costs time
constexpr int tear_surroundings = 24;

struct Settings {
    double denoise, megapixels, grain;
    std::string scratches, tone, colour, faces;
    bool original_size;
    std::uint64_t seed;
};

Settings read_settings(const boost::json::object& params) {
    const auto word = [&](std::string_view name, std::string_view otherwise) {
        return std::string(word_param(params, name, otherwise));
    };
    return {.denoise = std::clamp(number_param(params, "denoise", 0.7), 0.0, 1.0),
            .megapixels = std::clamp(number_param(params, "megapixels", 1), 0.25, 4.0),
            .grain = std::clamp(number_param(params, "grain", 0.15), 0.0, 1.0),
            .scratches = word("scratches", "auto"),
            .tone = word("tone", "auto"),
            .colour = word("colour", "neutralise"),
            .faces = word("faces", "off"),
            .original_size = word_param(params, "output_size", "working") == "original",
            .seed = static_cast<std::uint64_t>(std::max(0.0, number_param(params, "seed", 0)))};
}

cv::Size working_size(cv::Size size, double megapixels) {
    const double pixels = static_cast<double>(size.width) * size.height;
    const double scale = std::sqrt(megapixels * 1024 * 1024 / pixels);
    return {std::max(1, cvRound(size.width * scale)), std::max(1, cvRound(size.height * scale))};
}

cv::Mat resampled(const cv::Mat& picture, cv::Size size) {
    if (picture.size() == size) return picture;
    cv::Mat result;
    const bool smaller = size.area() < picture.size().area();
    cv::resize(picture, result, size, 0, 0, smaller ? cv::INTER_AREA : cv::INTER_CUBIC);
    return result;
}

double half_width(const cv::Mat& mask) {
    cv::Mat depth;
    double most = 0;
    cv::distanceTransform(mask, depth, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    cv::minMaxLoc(depth, nullptr, &most);
    return most;
}

// Tears are too wide for colours to flow in from both sides: those are filled with texture.
void fill_tears(cv::Mat& picture, const cv::Mat& mask, std::uint64_t seed) {
    cv::Mat labels, stats, centres;
    const int count = cv::connectedComponentsWithStats(mask, labels, stats, centres, 8, CV_32S);
    int filled = 0;
    for (int label = 1; label < count && filled < tears_max; ++label) {
        const cv::Rect box(stats.at<int>(label, cv::CC_STAT_LEFT), stats.at<int>(label, cv::CC_STAT_TOP),
                           stats.at<int>(label, cv::CC_STAT_WIDTH), stats.at<int>(label, cv::CC_STAT_HEIGHT));
        if (std::min(box.width, box.height) <= 2 * wide_px) continue;
        if (half_width(labels(box) == label) <= wide_px) continue;
        const cv::Size margin = box.size() / 2 + cv::Size(tear_surroundings, tear_surroundings);
        const cv::Rect area(box.tl() - cv::Point(margin), box.br() + cv::Point(margin));
        const cv::Rect inside = area & cv::Rect({}, picture.size());
        cv::Mat part = picture(inside);
        patch_fill(part, mask(inside), seed).picture.copyTo(part, labels(inside) == label);
        ++filled;
    }
}

void fill_defects(cv::Mat& picture, const Settings& settings, OperationOutput& output) {
    output.mask = cv::Mat::zeros(picture.size(), CV_8U);
    if (settings.scratches == "off") return;
    cv::Mat exact;
    picture.convertTo(exact, CV_32F);
    const cv::Mat luma = luma_of(exact);
    const Defects defects = find_defects(luma, noise_sigma(luma), settings.scratches == "strong");
    if (defects.ambiguous) {
        output.warnings.push_back({"scratches_ambiguous",
                                   "Too much of the picture looks like scratches to tell them from what it "
                                   "shows; none were filled."});
        return;
    }
    output.mask = defects.mask;
    if (cv::countNonZero(defects.mask) == 0) return;
    const cv::Mat before = picture.clone();
    picture = smooth_fill(before, defects.mask);
    fill_tears(picture, defects.mask, settings.seed);
}

// Colour noise is coarser than that of luma, and eyes miss less of it.
void calm_colours(cv::Mat& picture, double strength) {
    std::vector<cv::Mat> planes;
    cv::Mat converted;
    cv::cvtColor(picture, converted, cv::COLOR_RGB2YCrCb);
    cv::split(converted, planes);
    for (const std::size_t plane : {std::size_t{1}, std::size_t{2}})
        cv::GaussianBlur(planes[plane], planes[plane], {}, 0.5 + 2 * strength);
    cv::merge(planes, converted);
    cv::cvtColor(converted, picture, cv::COLOR_YCrCb2RGB);
}

// Returns the grain that was taken away, CV_32F, empty if nothing was.
cv::Mat take_noise(cv::Mat& picture, const Settings& settings, OperationOutput& output) {
    const cv::Mat before = luma_of(picture);
    const double noise = noise_sigma(before);
    output.measures["noise_sigma"] = std::round(noise * 100) / 100;
    if (settings.denoise <= 0) return {};
    picture = denoise(picture, noise, settings.denoise).clone();
    if (noise > 0.5) calm_colours(picture, settings.denoise);
    return before - luma_of(picture);
}

void mix_grain(cv::Mat& picture, const cv::Mat& grain, double share) {
    if (grain.empty() || share <= 0) return;
    cv::Mat three;
    cv::cvtColor(grain, three, cv::COLOR_GRAY2RGB);
    picture += three * share;
}

cv::Mat restored(const cv::Mat& colours, const Settings& settings, OperationOutput& output) {
    cv::Mat bytes = colours.clone(), picture, result;
    fill_defects(bytes, settings, output);
    const double share = cv::countNonZero(output.mask) / static_cast<double>(output.mask.total());
    output.measures["defect_share"] = std::round(share * 1e5) / 1e5;
    bytes.convertTo(picture, CV_32F);
    const cv::Mat grain = take_noise(picture, settings, output);
    double gain = 1;
    if (settings.tone != "off") gain = repair_tone(picture, settings.tone == "strong");
    output.measures["contrast_gain"] = std::round(gain * 1000) / 1000;
    if (settings.colour == "neutralise") neutralise(picture);
    mix_grain(picture, grain, settings.grain * gain);
    if (settings.colour == "grey") make_grey(picture);
    picture.convertTo(result, CV_8U);
    return result;
}

cv::Mat with_alpha(const cv::Mat& colours, const cv::Mat& original) {
    if (original.channels() == 3) return colours;
    cv::Mat alpha, result;
    cv::extractChannel(original, alpha, 3);
    cv::cvtColor(colours, result, cv::COLOR_RGB2RGBA);
    cv::insertChannel(resampled(alpha, colours.size()), result, 3);
    return result;
}

}  // namespace

OperationResult restore(const cv::Mat& original, const boost::json::object& params, const OperationParts&) {
    const Settings settings = read_settings(params);
    cv::Mat colours = original;
    if (original.channels() == 4) cv::cvtColor(original, colours, cv::COLOR_RGBA2RGB);
    const cv::Size working = working_size(original.size(), settings.megapixels);
    // A small picture is worked on as it is and enlarged at the end: enlarged noise is no noise any more.
    const bool reduces = working.area() < original.size().area();
    if (reduces) colours = resampled(colours, working);
    OperationOutput output;
    cv::Mat result = restored(colours, settings, output);
    const cv::Size size = settings.original_size ? original.size() : working;
    output.main = with_alpha(resampled(result, size), original);
    output.mask = resampled(output.mask, size);
    if (settings.faces != "off") {
        output.warnings.push_back(
            {"faces_ignored", "Faces were restored like all else: this recipe has no model for them."});
    }
    return output;
}

}  // namespace darkroom::imaging
