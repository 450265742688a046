// old-40: restore on pictures that were faded, yellowed, scratched, dusted, folded and grained, beside
// ImageMagick's despeckling and G'MIC's anisotropic smoothing.
#include <opencv2/imgproc.hpp>
#include <string>

#include "bench/gateway/figures.h"
#include "bench/imaging/old_score.h"
#include "bench/imaging/photo_peers.h"
#include "bench/imaging/picture_metrics.h"
#include "bench/imaging/sets.h"
#include "bench/imaging/tiles.h"
#include "imaging/ops/operation.h"
#include "tools/shots/old_photo.h"
#include "tools/shots/product_shot.h"
#include "tools/shots/texture.h"

namespace darkroom::bench {
namespace {

constexpr int old_cases = 40;

/// What the gate is about are the scenes: half of them in grey, a quarter in the colours of early film.
/// Things and surfaces are mostly smooth as they were found, or of one colour, which no restorer can tell
/// from a cast: every eighth each, told apart and not in the gate.
enum Kind { grey_scene, colour_scene, thing, surface };

Kind kind_of(int index) {
    if (index % 8 == 1) return thing;
    if (index % 8 == 5) return surface;
    return index % 4 == 3 ? colour_scene : grey_scene;
}

/// Dark greens to pale blues, as the tones of a landscape are.
cv::Mat coloured(const cv::Mat& grey) {
    cv::Mat table(1, 256, CV_8UC3), colours;
    for (int i = 0; i < 256; ++i) {
        const double t = i / 255.0;
        const double red = 255 * (0.04 + 0.95 * t * t * 0.45 + 0.95 * t * 0.50);
        const double green = 255 * (0.05 + 0.93 * t - 0.10 * (t - 0.5) * (t - 0.5));
        const double blue = 255 * (0.03 + 0.70 * t * t + 0.27 * t);
        table.at<cv::Vec3b>(i) = {cv::saturate_cast<uchar>(red), cv::saturate_cast<uchar>(green),
                                  cv::saturate_cast<uchar>(blue)};
    }
    cv::LUT(grey, table, colours);
    return colours;
}

cv::Mat clean_picture(std::uint64_t seed, int index) {
    const Kind kind = kind_of(index);
    if (kind == grey_scene) return shots::draw_old_photo(seed, 1024).clean;
    if (kind == colour_scene) return coloured(shots::draw_old_photo(seed, 1024).clean);
    cv::Mat picture;
    if (kind == thing) {
        shots::ShotPlan plan = shots::matte_plan(index, seed);
        plan.near_colour = false;
        picture = shots::draw_product_shot(plan).picture;
    } else {
        const auto texture = index % 16 == 5 ? shots::Texture::brick : shots::Texture::wood;
        picture = shots::draw_texture(texture, {1024, 768}, seed);
    }
    cv::medianBlur(picture, picture, 3);  // a print has no sensor
    return picture;
}

/// Mean distance from grey, in Lab, of what was grey in truth; negative where nothing was.
double cast_of(const cv::Mat& picture, const cv::Mat& clean) {
    const auto chroma = [](const cv::Mat& rgb) {
        cv::Mat exact, lab;
        rgb.convertTo(exact, CV_32F, 1.0 / 255);
        cv::cvtColor(exact, lab, cv::COLOR_RGB2Lab);
        cv::GaussianBlur(lab, lab, {}, 3);  // the cast, not the noise
        std::vector<cv::Mat> planes;
        cv::split(lab, planes);
        cv::Mat length;
        cv::magnitude(planes[1], planes[2], length);
        return length;
    };
    const cv::Mat neutral = chroma(clean) < 3;
    return cv::countNonZero(neutral) < static_cast<int>(neutral.total() / 50)
               ? -1
               : cv::mean(chroma(picture), neutral)[0];
}

void note(Case& one, const std::string& prefix, const cv::Mat& picture, const cv::Mat& clean) {
    if (picture.size() != clean.size() || picture.channels() != 3) return;
    const cv::Mat nearest = fitted(picture, clean);
    one.figures[prefix + "psnr"] = psnr(nearest, [&] {
        cv::Mat exact;
        clean.convertTo(exact, CV_32F);
        return exact;
    }());
    one.figures[prefix + "ssim"] = ssim(nearest, clean);
    if (const double cast = cast_of(picture, clean); cast >= 0) one.figures[prefix + "cast"] = cast;
}

Case run_case(int index, const SetPlan& plan) {
    const auto seed = plan.first_seed + static_cast<std::uint64_t>(index);
    const cv::Mat clean = clean_picture(seed, index);
    const AgedPrint aged = age_print(clean, seed);
    static constexpr const char* kinds[] = {"scene in grey", "scene in colour", "thing", "surface"};
    const Kind kind = kind_of(index);
    Case one;
    one.name = std::to_string(seed) + " " + kinds[kind];
    const auto output = imaging::restore(aged.picture, {{"v", 1}, {"output_size", "original"}});
    if (!output) {
        one.figures["failed"] = 1;
        one.badness = 1e9;
        one.remark = output.error().code;
        return one;
    }
    one.figures["failed"] = 0;
    one.figures["scene"] = kind == grey_scene || kind == colour_scene ? 1 : 0;
    note(one, "", output->main, clean);
    note(one, "found.", aged.picture, clean);
    const DefectScore defects = score_defects(output->mask, aged);
    one.figures["recall"] = defects.recall;
    one.figures["precision"] = defects.precision;
    one.figures["gain"] = one.figures["ssim"] - one.figures["found.ssim"];
    one.figures["ambiguous"] = output->warnings.empty() ? 0 : 1;
    const cv::Mat nlm = non_local_means(aged.picture);
    note(one, "nlm.", nlm, clean);
    const auto magick =
        plan.peers->run(Peer::imagemagick, {aged.picture},
                        {"{0}", "-despeckle", "-despeckle", "-normalize", "-depth", "8", "{out}"});
    const auto gmic = plan.peers->run(
        Peer::gmic, {aged.picture},
        {"{0}", "smooth", "60,0.7,0.3,0.6,1.1", "normalize", "0,255", "round", "output", "{out}"});
    if (magick) note(one, "magick.", magick->picture, clean);
    if (gmic) note(one, "gmic.", gmic->picture, clean);
    one.badness = (one.figures["scene"] > 0 ? 0 : -1) - one.figures["gain"];  // the scenes first
    one.remark = "SSIM " + number(one.figures["found.ssim"], 3) + " to " + number(one.figures["ssim"], 3) +
                 ", recall " + number(defects.recall, 2) + ", precision " + number(defects.precision, 2) +
                 (output->warnings.empty() ? "" : ", " + output->warnings.front().code);
    one.tiles = {small_tile(clean),
                 small_tile(aged.picture),
                 small_tile(output->main),
                 small_tile(nlm),
                 magick ? small_tile(magick->picture) : cv::Mat(),
                 gmic ? small_tile(gmic->picture) : cv::Mat()};
    return one;
}

ReportTable comparison(const char* title, const std::vector<Case>& cases, const Peers& peers) {
    ReportTable table;
    table.title = title;
    table.header = {"", "pictures", "PSNR dB", "SSIM", "SSIM gained", "cast, delta-E"};
    const auto add = [&](const char* name, const std::string& prefix, bool there) {
        if (!there) return;
        const double gained = mean_of(cases, prefix + "ssim") - mean_of(cases, "found.ssim");
        table.rows.push_back({name, std::to_string(cases.size()), mean_cell(cases, prefix + "psnr", 2),
                              mean_cell(cases, prefix + "ssim", 3), number(gained, 3),
                              mean_cell(cases, prefix + "cast", 1)});
    };
    add("as found", "found.", true);
    add("Darkroom", "", true);
    add("OpenCV fastNlMeansDenoisingColored", "nlm.", has_opencv_photo());
    add("ImageMagick, -despeckle twice, -normalize", "magick.", peers.has(Peer::imagemagick));
    add("G'MIC smooth, normalize", "gmic.", peers.has(Peer::gmic));
    table.note = "Darkroom's least: SSIM gained " + number(least_of(cases, "gain"), 3) + ", recall " +
                 number(least_of(cases, "recall"), 2) + ", precision " +
                 number(least_of(cases, "precision"), 2) + "; on average recall " +
                 mean_cell(cases, "recall", 3) + ", precision " + mean_cell(cases, "precision", 3) + "; " +
                 std::to_string(with(cases, "ambiguous", 1).size()) + " with a warning.";
    return table;
}

}  // namespace

SetReport run_old_40(const SetPlan& plan) {
    SetReport set;
    set.id = "old-40";
    set.title = "restore";
    set.about =
        "Scenes in grey and in colour, things and surfaces, faded to 55 % and lifted by 60 levels, with a "
        "cast, noise of 8 "
        "levels, 18 scratches, 60 specks, a fold and darkened corners. Compared after the best affine fit of "
        "each channel; the cast is the mean distance from grey, in Lab, of what was grey.";
    set.columns = {"truth", "as found", "Darkroom", "OpenCV NLM", "ImageMagick", "G'MIC smooth"};
    set.cases = run_cases(old_cases, plan.quick ? 3 : 1, plan.workers,
                          [&](int index) { return run_case(index, plan); });
    const auto scenes = with(set.cases, "scene", 1), others = with(set.cases, "scene", 0);
    set.tables = {comparison("Scenes", scenes, *plan.peers),
                  comparison("Things and surfaces, not in the gate", others, *plan.peers)};
    const auto promise = [&](const char* figure, double value, int digits, Bounds gate, Bounds goal) {
        set.promises.push_back({"restore", figure, value, digits, gate, goal});
    };
    promise("defects found (recall)", mean_of(scenes, "recall"), 3, at_least(0.88), at_least(0.95));
    promise("of what was marked, defects (precision)", mean_of(scenes, "precision"), 3, at_least(0.9),
            at_least(0.95));
    promise("SSIM gained", mean_of(scenes, "gain"), 3, at_least(0.20), at_least(0.25));
    promise("pictures refused", most_of(set.cases, "failed"), 0, at_most(0), at_most(0));
    return set;
}

}  // namespace darkroom::bench
