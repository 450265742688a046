// hole-60: object_remove on six surfaces with holes of three sizes and shapes, beside OpenCV's two ways to
// inpaint and G'MIC's two. All are given the same hole: all that Darkroom may change.
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "bench/gateway/figures.h"
#include "bench/imaging/photo_peers.h"
#include "bench/imaging/picture_metrics.h"
#include "bench/imaging/sets.h"
#include "bench/imaging/tiles.h"
#include "imaging/ops/operation.h"
#include "tools/shots/texture.h"

namespace darkroom::bench {
namespace {

constexpr int hole_cases = 60;
const cv::Size hole_picture(768, 576);
constexpr double shares[] = {0.005, 0.03, 0.10};
// The defaults of object_remove, as shares of the long side.
constexpr double grow = 0.008;
constexpr double feather = 0.004;

/// A region as a client without a second file says it: outlines, in pixels counted from the picture's corner.
struct Outlined {
    boost::json::object params;
    cv::Mat inside;  // what they enclose, eyes of letters and all
};

Outlined outlined_region(const cv::Mat& mask) {
    std::vector<std::vector<cv::Point>> outlines;
    cv::findContours(mask.clone(), outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
    Outlined region;
    region.inside = cv::Mat::zeros(mask.size(), CV_8U);
    cv::drawContours(region.inside, outlines, -1, cv::Scalar(255), cv::FILLED);
    boost::json::array polygons;
    for (const auto& outline : outlines) {
        boost::json::array polygon;
        for (const cv::Point point : outline)
            polygon.push_back(boost::json::array{point.x + 0.5, point.y + 0.5});
        polygons.push_back(polygon);
    }
    region.params = {{"v", 1}, {"units", "px"}, {"region", {{"polygons", polygons}}}};
    return region;
}

struct Torn {
    cv::Mat truth, hole;
    cv::Mat inside;  // the hole itself, where all are compared
    cv::Mat seam;    // five pixels about the border of what may change
};

/// How much steeper the picture is along the seam than the truth is there.
double seam_of(const cv::Mat& result, const Torn& torn) {
    return gradient_of(result, torn.seam) / std::max(0.5, gradient_of(torn.truth, torn.seam));
}

void note(Case& one, const std::string& prefix, const cv::Mat& result, const Torn& torn) {
    if (result.size() != torn.truth.size() || result.channels() != 3) return;
    one.figures[prefix + "psnr"] = psnr(result, torn.truth, torn.inside);
    one.figures[prefix + "ssim"] = ssim(result, torn.truth, torn.inside);
    one.figures[prefix + "texture"] =
        texture_of(result, torn.inside) / std::max(0.5, texture_of(torn.truth, torn.inside));
    // Half the texture is as wrong as double.
    one.figures[prefix + "texture_off"] =
        std::abs(std::log2(std::max(1e-3, one.figures[prefix + "texture"])));
    one.figures[prefix + "seam"] = seam_of(result, torn);
}

int changed_outside(const cv::Mat& result, const Torn& torn) {
    cv::Mat distance, difference;
    cv::distanceTransform(torn.inside == 0, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    cv::absdiff(result, torn.truth, difference);
    const double reach = (grow + feather) * std::max(result.cols, result.rows);
    const cv::Mat far = distance > reach;
    int changed = 0;
    for (int y = 0; y < far.rows; ++y) {
        for (int x = 0; x < far.cols; ++x)
            changed +=
                far.at<uchar>(y, x) != 0 && difference.at<cv::Vec3b>(y, x) != cv::Vec3b(0, 0, 0) ? 1 : 0;
    }
    return changed;
}

/// What a peer may know of the picture: nothing inside the hole.
cv::Mat emptied(const Torn& torn) {
    cv::Mat picture = torn.truth.clone();
    picture.setTo(cv::Scalar::all(0), torn.hole);
    return picture;
}

Case run_case(int index, const SetPlan& plan) {
    // 54 pairings of surface, share and shape; the last six are surfaces with another seed.
    const auto texture = static_cast<shots::Texture>(index % shots::texture_count);
    const auto hole = static_cast<shots::Hole>(index / 18 % shots::hole_count);
    const double share = shares[index / 6 % 3];
    const auto seed = plan.first_seed + static_cast<std::uint64_t>(index);
    Torn torn;
    torn.truth = shots::draw_texture(texture, hole_picture, seed);
    const Outlined region = outlined_region(shots::draw_hole(hole, share, hole_picture, seed));
    torn.inside = region.inside;
    const auto output = imaging::object_remove(torn.truth, region.params);

    Case one;
    one.name = std::to_string(seed) + " " + std::string(name_of(texture)) + ", " +
               std::string(name_of(hole)) + " of " + number(100 * share, 1) + " %";
    one.figures["textured"] = texture == shots::Texture::sweep ? 0 : 1;
    if (!output) {
        one.figures["failed"] = 1;
        one.badness = 1e9;
        one.remark = output.error().code;
        return one;
    }
    torn.hole = output->mask > 0;
    cv::morphologyEx(torn.hole, torn.seam, cv::MORPH_GRADIENT, cv::Mat::ones(5, 5, CV_8U));
    const std::string method = output->measures.at("method").as_string().c_str();
    one.figures["failed"] = 0;
    one.figures["exemplar"] = method == "exemplar" ? 1 : 0;
    one.figures["outside"] = changed_outside(output->main, torn);
    note(one, "", output->main, torn);
    const cv::Mat ns = inpainted_ns(emptied(torn), torn.hole);
    const cv::Mat telea = inpainted_telea(emptied(torn), torn.hole);
    note(one, "ns.", ns, torn);
    note(one, "telea.", telea, torn);
    const auto patches =
        plan.peers->run(Peer::gmic, {emptied(torn), torn.hole},
                        {"{0}", "{1}", "inpaint_matchpatch[0]", "[1]", "round[0]", "output[0]", "{out}"});
    const auto diffused = plan.peers->run(
        Peer::gmic, {emptied(torn), torn.hole},
        {"{0}", "{1}", "inpaint_pde[0]", "[1]", "cut[0]", "0,255", "round[0]", "output[0]", "{out}"});
    if (patches) note(one, "gmic.", patches->picture, torn);
    if (diffused) note(one, "gmic_pde.", diffused->picture, torn);
    one.badness = one.figures["texture_off"] * 10 + one.figures["ns.psnr"] - one.figures["psnr"];
    one.remark = method + ": PSNR " + number(one.figures["psnr"], 1) + " dB (NS " +
                 number(one.figures["ns.psnr"], 1) + "), texture " + number(one.figures["texture"], 2) +
                 ", seam " + number(one.figures["seam"], 2);
    const cv::Rect box = cv::boundingRect(torn.hole);
    const cv::Point middle = box.tl() + cv::Point(box.width / 2, box.height / 2);
    const auto tile = [&](const cv::Mat& picture) {
        return box.width > tile_side || box.height > tile_side ? small_tile(picture)
                                                               : close_tile(picture, middle);
    };
    one.tiles = {tile(outlined(torn.truth, torn.hole)), tile(output->main), tile(ns),
                 patches ? tile(patches->picture) : cv::Mat(),
                 diffused ? tile(diffused->picture) : cv::Mat()};
    return one;
}

std::vector<std::string> row(const std::string& name, const std::string& prefix,
                             const std::vector<Case>& textured, const std::vector<Case>& plain) {
    const auto mean = [&](const std::vector<Case>& cases, const char* figure, int digits) {
        return mean_cell(cases, prefix + figure, digits);
    };
    return {name,
            mean(textured, "psnr", 2),
            mean(textured, "ssim", 3),
            mean(textured, "texture", 2),
            mean(textured, "texture_off", 2),
            mean(textured, "seam", 2),
            mean(plain, "psnr", 2),
            mean(plain, "texture", 2)};
}

}  // namespace

SetReport run_hole_60(const SetPlan& plan) {
    SetReport set;
    set.id = "hole-60";
    set.title = "object_remove";
    set.about =
        "Felt, wood, brick, pebbles, a landscape and a plain sweep, 768 × 576, with holes of 0.5, 3 and 10 % "
        "shaped as a blob, a strip and lettering. Texture is the spread of the Laplacian in the hole over "
        "that "
        "of the truth, off by so many doublings; seam the steepness about the hole's border over the "
        "truth's.";
    set.columns = {"truth and hole", "Darkroom", "OpenCV NS", "G'MIC matchpatch", "G'MIC diffusion"};
    set.cases = run_cases(hole_cases, plan.quick ? 5 : 1, plan.workers,
                          [&](int index) { return run_case(index, plan); });
    const auto textured = with(set.cases, "textured", 1), plain = with(set.cases, "textured", 0);
    const auto exemplar = with(set.cases, "exemplar", 1);
    ReportTable table;
    table.header = {"",     "PSNR dB, textured", "SSIM",          "texture", "off by",
                    "seam", "PSNR dB, sweep",    "texture, sweep"};
    table.rows = {row("Darkroom", "", textured, plain), row("OpenCV Navier-Stokes", "ns.", textured, plain),
                  row("OpenCV Telea", "telea.", textured, plain)};
    if (plan.peers->has(Peer::gmic)) {
        table.rows.push_back(row("G'MIC inpaint_matchpatch", "gmic.", textured, plain));
        table.rows.push_back(row("G'MIC inpaint_pde", "gmic_pde.", textured, plain));
    }
    table.note = "Patches were used in " + std::to_string(exemplar.size()) + " of " +
                 std::to_string(set.cases.size()) + " pictures; their texture is " +
                 number(least_of(exemplar, "texture"), 2) + " to " + number(most_of(exemplar, "texture"), 2) +
                 " of the truth's.";
    set.tables = {table};
    const auto promise = [&](const char* figure, double value, int digits, Bounds gate, Bounds goal) {
        set.promises.push_back({"object_remove", figure, value, digits, gate, goal});
    };
    promise("texture of patches ÷ truth, mean", mean_of(exemplar, "texture"), 2, between(0.75, 1.25),
            between(0.9, 1.1));
    promise("PSNR above Navier-Stokes, textured, dB",
            mean_of(textured, "psnr") - mean_of(textured, "ns.psnr"), 2, at_least(-1), at_least(0));
    promise("texture nearer to the truth than Navier-Stokes', doublings",
            mean_of(textured, "ns.texture_off") - mean_of(textured, "texture_off"), 2, at_least(0), {});
    promise("pixels changed outside of region, grow and feather", most_of(set.cases, "outside"), 0,
            at_most(0), at_most(0));
    promise("pictures refused", most_of(set.cases, "failed"), 0, at_most(0), at_most(0));
    return set;
}

}  // namespace darkroom::bench
