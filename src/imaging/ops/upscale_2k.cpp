// upscale_2k: enlarges to an exact long side by iterative back-projection, without inventing content.
// Averaging the result down again gives the input back (PSNR 38 dB or better), which is checked and, where
// denoising moved it, enforced.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "imaging/ops/colour_bleed.h"
#include "imaging/ops/operation.h"
#include "imaging/ops/param_values.h"
#include "imaging/ops/upscale_alpha.h"
#include "imaging/ops/upscale_denoise.h"
#include "imaging/ops/upscale_plane.h"
#include "imaging/ops/upscale_sharpen.h"

namespace darkroom::imaging {
namespace {

constexpr double consistency_min_db = 38.5;  // half a decibel above the promise, for rounding to 8 bits
constexpr double consistency_promised_db = 38;
constexpr int correction_rounds_max = 6;

struct Settings {
    int target;
    double sharpen;
    double denoise;
    double max_scale;
    bool art;
    bool reduce_larger;
    bool drop_alpha;
};

Settings read_settings(const boost::json::object& params) {
    return {.target = static_cast<int>(number_param(params, "target", 2048)),
            .sharpen = std::clamp(number_param(params, "sharpen", 0.35), 0.0, 1.0),
            .denoise = std::clamp(number_param(params, "denoise", 0.2), 0.0, 1.0),
            .max_scale = std::clamp(number_param(params, "max_scale", 4), 1.0, 8.0),
            .art = word_param(params, "mode", "photo") == "art",
            .reduce_larger = word_param(params, "if_larger", "noop") == "reduce",
            .drop_alpha = word_param(params, "alpha", "auto") == "drop"};
}

// The long side exactly, the other one rounded.
cv::Size scaled_size(cv::Size size, int long_side) {
    const double scale = double(long_side) / std::max(size.width, size.height);
    const auto side = [&](int pixels) { return std::max(1, static_cast<int>(std::lround(pixels * scale))); };
    return size.width >= size.height ? cv::Size(long_side, side(size.height))
                                     : cv::Size(side(size.width), long_side);
}

double levels_of(const cv::Mat& picture) { return picture.depth() == CV_16U ? 257.0 : 1.0; }

double decibels(double mean_square) { return 10 * std::log10(255 * 255 / std::max(mean_square, 1e-9)); }

double mean_consistency_error(const std::vector<cv::Mat>& high, const std::vector<cv::Mat>& low) {
    double sum = 0;
    for (std::size_t c = 0; c < high.size(); ++c) sum += consistency_error(high[c], low[c]);
    return sum / static_cast<double>(high.size());
}

void sharpen(std::vector<cv::Mat>& planes, const std::vector<cv::Mat>& low, double noise,
             const Settings& settings) {
    const double gain = settings.sharpen * (settings.art ? 1.6 : 0.8);
    if (gain <= 0) return;
    const cv::Mat luma = planes[0] * 0.299 + planes[1] * 0.587 + planes[2] * 0.114;
    const int radius = std::max(2, static_cast<int>(std::lround(double(luma.cols) / low[0].cols)));
    const cv::Mat detail = edge_detail(luma, radius, noise, gain);
    for (std::size_t c = 0; c < planes.size(); ++c) {
        planes[c] += detail;
        clamp_to_neighbours(planes[c], low[c]);
    }
}

// Drawn pictures: staircases and JPEG specks along hard lines go, the lines stay.
void smooth_lines(std::vector<cv::Mat>& planes) {
    for (auto& plane : planes) cv::medianBlur(plane, plane, 5);
}

/// Returns the consistency reached, in decibels.
double restore_consistency(std::vector<cv::Mat>& planes, const std::vector<cv::Mat>& low) {
    double reached = decibels(mean_consistency_error(planes, low));
    for (int round = 0; round < correction_rounds_max && reached < consistency_min_db; ++round) {
        for (std::size_t c = 0; c < planes.size(); ++c) project_back(planes[c], low[c]);
        reached = decibels(mean_consistency_error(planes, low));
    }
    return reached;
}

struct Enlarged {
    cv::Mat colours;  // CV_32FC3
    double consistency_db;
};

using EnlargedResult = Result<Enlarged, OperationError>;

// A network invents detail; what must come back when the result is averaged down is put right afterwards.
EnlargedResult enlarge_by_network(const cv::Mat& colours, cv::Size size, ModelStage& stage) {
    cv::Mat levels;
    colours.convertTo(levels, CV_8U);
    auto large = stage.run(levels, {});
    if (!large) return Fail(large.error());
    const bool smaller = size.width < large->cols;
    cv::Mat fitted;
    cv::resize(*large, fitted, size, 0, 0, smaller ? cv::INTER_AREA : cv::INTER_CUBIC);
    std::vector<cv::Mat> low, planes;
    cv::split(colours, low);
    cv::split(fitted, planes);
    Enlarged result;
    result.consistency_db = restore_consistency(planes, low);
    cv::merge(planes, result.colours);
    return result;
}

Enlarged enlarge_colours(const cv::Mat& colours, cv::Size size, const Settings& settings) {
    std::vector<cv::Mat> low, planes;
    cv::split(colours, low);
    const double noise = noise_sigma(low[1]);
    cv::split(denoise(colours, noise, settings.denoise), planes);
    for (auto& plane : planes) plane = enlarge_plane(plane, size);
    if (settings.art) smooth_lines(planes);
    sharpen(planes, low, noise, settings);
    Enlarged result;
    result.consistency_db = restore_consistency(planes, low);
    cv::merge(planes, result.colours);
    return result;
}

cv::Mat with_alpha(const cv::Mat& colours, const cv::Mat& alpha) {
    cv::Mat rgba(colours.size(), CV_MAKETYPE(colours.depth(), 4));
    const int from_to[] = {0, 0, 1, 1, 2, 2, 3, 3};
    const cv::Mat sources[] = {colours, alpha};
    cv::mixChannels(sources, 2, &rgba, 1, from_to, 4);
    return rgba;
}

OperationResult enlarge(const cv::Mat& picture, cv::Size size, const Settings& settings, ModelStage* stage) {
    const double levels = levels_of(picture);
    cv::Mat bled = picture, colours, alpha;
    if (picture.channels() == 4) {
        bled = picture.clone();
        bleed_colours(bled);
        cv::extractChannel(picture, alpha, 3);
        cv::cvtColor(bled, bled, cv::COLOR_RGBA2RGB);
    }
    bled.convertTo(colours, CV_32F, 1 / levels);
    const bool asks = stage != nullptr && stage->kind() == StageKind::upscale_x4;
    const EnlargedResult enlarged = asks ? enlarge_by_network(colours, size, *stage)
                                         : EnlargedResult(enlarge_colours(colours, size, settings));
    if (!enlarged) return Fail(enlarged.error());
    OperationOutput output;
    enlarged->colours.convertTo(output.main, picture.depth(), levels);
    if (!alpha.empty()) {
        cv::Mat plane;
        alpha.convertTo(plane, CV_32F, 1 / levels);
        plane = enlarge_alpha(plane, size);
        plane.convertTo(alpha, picture.depth(), levels);
        output.main = with_alpha(output.main, alpha);
    }
    output.measures["scale"] = double(size.width) / picture.cols;
    output.measures["consistency_db"] = std::min(enlarged->consistency_db, 99.0);
    if (enlarged->consistency_db < consistency_promised_db) {
        output.warnings.push_back({"content_drift", "The network changed the picture, not only its size."});
    }
    return output;
}

OperationOutput reduce(const cv::Mat& picture, cv::Size size) {
    OperationOutput output;
    cv::Mat source = picture;
    if (picture.channels() == 4) {  // so that what is hidden does not shine through at edges
        source = picture.clone();
        bleed_colours(source);
    }
    cv::resize(source, output.main, size, 0, 0, cv::INTER_AREA);
    output.measures["scale"] = double(size.width) / picture.cols;
    return output;
}

OperationOutput unchanged(const cv::Mat& picture) {
    OperationOutput output;
    output.main = picture;
    output.noop = true;
    output.measures["scale"] = 1.0;
    return output;
}

}  // namespace

OperationResult upscale_2k(const cv::Mat& original, const boost::json::object& params,
                           const OperationParts& parts) {
    const Settings settings = read_settings(params);
    cv::Mat picture = original;
    if (picture.channels() == 4 && settings.drop_alpha) cv::cvtColor(original, picture, cv::COLOR_RGBA2RGB);
    const int long_side = std::max(picture.cols, picture.rows);
    if (long_side >= settings.target) {
        const bool smaller_wanted = settings.reduce_larger && long_side > settings.target;
        if (smaller_wanted) return reduce(picture, scaled_size(picture.size(), settings.target));
        OperationOutput output = unchanged(picture);
        output.noop = picture.channels() == original.channels();
        return output;
    }
    const int reachable = static_cast<int>(std::floor(long_side * settings.max_scale + 1e-9));
    const int result_side = std::min(settings.target, reachable);
    OperationResult output =
        enlarge(picture, scaled_size(picture.size(), result_side), settings, parts.stage);
    if (output && result_side < settings.target) {
        output->warnings.push_back({"target_not_reached", "The picture was enlarged to " +
                                                              std::to_string(result_side) +
                                                              " pixels, the most that max_scale allows."});
    }
    return output;
}

}  // namespace darkroom::imaging
