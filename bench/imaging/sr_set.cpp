// sr-40: upscale_2k from 512 to 2048 pixels, beside OpenCV's cubic and Lanczos, ImageMagick, GraphicsMagick,
// libvips, sharp and G'MIC.
#include <opencv2/imgproc.hpp>
#include <string>

#include "bench/gateway/figures.h"
#include "bench/imaging/picture_metrics.h"
#include "bench/imaging/sets.h"
#include "bench/imaging/shrink.h"
#include "bench/imaging/tiles.h"
#include "imaging/ops/operation.h"
#include "tools/pictures/picture_file.h"
#include "tools/shots/logo.h"
#include "tools/shots/old_photo.h"
#include "tools/shots/product_shot.h"
#include "tools/shots/test_chart.h"

namespace darkroom::bench {
namespace {

constexpr int sr_cases = 40;
constexpr int large_side = 2048;
constexpr int small_side = 512;
constexpr const char* kinds[] = {"packshot", "logo", "landscape", "test chart"};
constexpr const char* ways[] = {"area", "bicubic", "area, JPEG 80"};

/// Taking turns: packshot, logo, landscape, test chart. Without sensor noise, which no enlarger can bring
/// back.
cv::Mat large_picture(std::uint64_t seed, int index) {
    switch (index % 4) {
        case 0: {
            cv::Mat picture =
                shots::draw_product_shot(shots::matte_plan(index / 4 * 7, seed, large_side)).picture;
            cv::medianBlur(picture, picture, 3);
            return picture;
        }
        case 1:
            return shots::draw_logo(seed, large_side, {.jpeg_quality = 95}).picture;
        case 2:
            return shots::draw_old_photo(seed, large_side).clean;
        default:
            return shots::draw_test_chart(seed, large_side);
    }
}

cv::Mat small_picture(const cv::Mat& truth, int way) {
    const double scale = static_cast<double>(small_side) / std::max(truth.cols, truth.rows);
    const cv::Size size(cvRound(truth.cols * scale), cvRound(truth.rows * scale));
    if (way == 1) return shrunk_bicubic(truth, size);
    cv::Mat small;
    cv::resize(truth, small, size, 0, 0, cv::INTER_AREA);
    return way == 2 ? pictures::through_jpeg(small, 80) : small;
}

struct Enlarging {
    cv::Mat truth, small;
    cv::Mat edges;  // of the truth, that the small picture can hold
};

void note(Case& one, const std::string& prefix, const cv::Mat& large, const Enlarging& pair) {
    if (large.size() != pair.truth.size() || large.channels() != 3) return;
    cv::Mat again;
    cv::resize(large, again, pair.small.size(), 0, 0, cv::INTER_AREA);
    one.figures[prefix + "psnr"] = psnr(large, pair.truth);
    one.figures[prefix + "ssim"] = ssim(large, pair.truth);
    one.figures[prefix + "consistency"] = psnr(again, pair.small);
    one.figures[prefix + "edges"] =
        gradient_of(large, pair.edges) / std::max(1e-3, gradient_of(pair.truth, pair.edges));
    one.figures[prefix + "gradient"] = gradient_of(large) / std::max(1e-3, gradient_of(pair.truth));
    one.figures[prefix + "overshoot"] = 100 * overshoot_of(large, pair.small);
}

std::string box_of(cv::Size size) {
    return std::to_string(size.width) + "x" + std::to_string(size.height) + "!";
}

Case run_case(int index, const SetPlan& plan) {
    const auto seed = plan.first_seed + static_cast<std::uint64_t>(index);
    const int way = index / 4 % 3;
    Enlarging pair;
    pair.truth = large_picture(seed, index);
    // Sides that are whole multiples, so that the way back up has one right size.
    pair.truth = pair.truth(cv::Rect(0, 0, pair.truth.cols / 4 * 4, pair.truth.rows / 4 * 4)).clone();
    pair.small = small_picture(pair.truth, way);
    pair.edges = edges_of(pair.truth, large_side / small_side);
    const cv::Size size = pair.truth.size();
    Case one;
    one.name = std::to_string(seed) + " " + kinds[index % 4] + ", " + ways[way];
    one.figures["way"] = way;
    one.figures["kind"] = index % 4;
    const auto output = imaging::upscale_2k(pair.small, {{"v", 1}});
    one.figures["failed"] = output && output->main.size() == size ? 0 : 1;
    if (one.figures["failed"] > 0) {
        one.badness = 1e9;
        one.remark = output ? "wrong size" : output.error().code;
        return one;
    }
    cv::Mat cubic, lanczos;
    cv::resize(pair.small, cubic, size, 0, 0, cv::INTER_CUBIC);
    cv::resize(pair.small, lanczos, size, 0, 0, cv::INTER_LANCZOS4);
    note(one, "", output->main, pair);
    note(one, "cubic.", cubic, pair);
    note(one, "lanczos.", lanczos, pair);
    const auto enlarge = [&](Peer peer, const char* prefix, const std::vector<std::string>& arguments) {
        const auto answer = plan.peers->run(peer, {pair.small}, arguments);
        if (!answer) return cv::Mat();
        note(one, prefix, answer->picture, pair);
        one.figures[std::string(prefix) + "seconds"] = answer->seconds;
        return answer->picture;
    };
    const std::string box = box_of(size);
    (void)enlarge(Peer::imagemagick, "magick.",
                  {"{0}", "-filter", "Lanczos", "-resize", box, "-depth", "8", "{out}"});
    (void)enlarge(Peer::graphicsmagick, "gm.",
                  {"{0}", "-filter", "Lanczos", "-resize", box, "-depth", "8", "{out}"});
    (void)enlarge(
        Peer::vips, "vips.",
        {"resize", "{0}", "{out}", number(static_cast<double>(size.width) / pair.small.cols), "--vscale",
         number(static_cast<double>(size.height) / pair.small.rows, 6), "--kernel", "lanczos3"});
    const cv::Mat sharp =
        enlarge(Peer::sharp, "sharp.", {"resize", "{0}", "{out}", std::to_string(large_side)});
    const cv::Mat gmic =
        enlarge(Peer::gmic, "gmic.",
                {"{0}", "upscale_smart", std::to_string(size.width) + "," + std::to_string(size.height),
                 "cut", "0,255", "round", "output", "{out}"});
    one.figures["gain"] = one.figures["psnr"] - one.figures["lanczos.psnr"];
    one.badness = -one.figures["gain"];
    one.remark = "PSNR " + number(one.figures["psnr"], 2) + " dB, Lanczos-4 " +
                 number(one.figures["lanczos.psnr"], 2) + ", edges " + number(one.figures["edges"], 2) +
                 ", consistency " + number(one.figures["consistency"], 1);
    const cv::Point middle = busiest_place(pair.edges);
    one.tiles = {close_tile(pair.truth, middle), close_tile(lanczos, middle),
                 close_tile(output->main, middle), close_tile(sharp, middle), close_tile(gmic, middle)};
    return one;
}

std::vector<std::string> row(const std::string& name, const std::string& prefix,
                             const std::vector<Case>& cases) {
    const double seconds = mean_of(cases, prefix + "seconds");
    const bool with_value = mean_of(cases, prefix + "psnr") > 0;
    return {name,
            mean_cell(cases, prefix + "psnr", 2),
            with_value ? number(mean_of(cases, prefix + "psnr") - mean_of(cases, "lanczos.psnr"), 2) : "–",
            mean_cell(cases, prefix + "ssim", 4),
            mean_cell(cases, prefix + "edges", 3),
            mean_cell(cases, prefix + "gradient", 3),
            number(least_of(cases, prefix + "consistency"), 1),
            mean_cell(cases, prefix + "overshoot", 2),
            seconds > 0 ? number(seconds, 2) : "–"};
}

ReportTable by_part(const std::vector<Case>& cases) {
    ReportTable table;
    table.title = "By what they show, and by how they were made small";
    table.header = {"", "pictures", "PSNR over Lanczos-4, dB", "edges ÷ truth", "least consistency, dB"};
    const auto add = [&](const char* name, const std::vector<Case>& some) {
        table.rows.push_back({name, std::to_string(some.size()), mean_cell(some, "gain", 2),
                              mean_cell(some, "edges", 3), number(least_of(some, "consistency"), 1)});
    };
    for (int kind = 0; kind < 4; ++kind) add(kinds[kind], with(cases, "kind", kind));
    for (int way = 0; way < 3; ++way) add(ways[way], with(cases, "way", way));
    return table;
}

}  // namespace

SetReport run_sr_40(const SetPlan& plan) {
    SetReport set;
    set.id = "sr-40";
    set.title = "upscale_2k";
    set.about =
        "Packshots, logos, landscapes and test charts of 2048 px, made small to 512 by area, by bicubic, and "
        "by area "
        "with JPEG 80, then enlarged with default params. Edges is the mean length of the gradient over the "
        "truth's, "
        "at edges that stand alone: two within four pixels leave no trace in a picture that is four times "
        "smaller. "
        "Gradient is the same over the whole picture. Overshoot is the share of channels beyond what the 3 × "
        "3 source "
        "pixels span. Seconds are of the whole process, files included. Pictures are cut out pixel by pixel, "
        "where "
        "there are most edges.";
    set.columns = {"truth", "OpenCV Lanczos-4", "Darkroom", "sharp", "G'MIC upscale_smart"};
    set.cases = run_cases(sr_cases, plan.quick ? 5 : 1, plan.workers,
                          [&](int index) { return run_case(index, plan); });
    ReportTable table;
    table.header = {"",
                    "PSNR dB",
                    "over Lanczos-4",
                    "SSIM",
                    "edges ÷ truth",
                    "gradient",
                    "least consistency dB",
                    "overshoot %",
                    "s"};
    table.rows = {row("Darkroom", "", set.cases), row("OpenCV cubic", "cubic.", set.cases),
                  row("OpenCV Lanczos-4", "lanczos.", set.cases)};
    for (const auto& [peer, name, prefix] : {std::tuple{Peer::imagemagick, "ImageMagick Lanczos", "magick."},
                                             {Peer::graphicsmagick, "GraphicsMagick Lanczos", "gm."},
                                             {Peer::vips, "libvips lanczos3", "vips."},
                                             {Peer::sharp, "sharp lanczos3", "sharp."},
                                             {Peer::gmic, "G'MIC upscale_smart", "gmic."}}) {
        if (plan.peers->has(peer)) table.rows.push_back(row(name, prefix, set.cases));
    }
    set.tables = {table, by_part(set.cases)};
    const auto promise = [&](const char* figure, double value, int digits, Bounds gate, Bounds goal) {
        set.promises.push_back({"upscale_2k", figure, value, digits, gate, goal});
    };
    promise("PSNR over Lanczos-4, dB", mean_of(set.cases, "gain"), 2, at_least(0.6), at_least(1.0));
    promise("least consistency, dB", least_of(set.cases, "consistency"), 1, at_least(38), at_least(42));
    promise("edge energy ÷ truth", mean_of(set.cases, "edges"), 3, between(0.95, 1.10), between(0.98, 1.05));
    promise("pictures refused", most_of(set.cases, "failed"), 0, at_most(0), at_most(0));
    return set;
}

}  // namespace darkroom::bench
