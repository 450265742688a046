// matte-120: bg_remove on product shots, beside GrabCut with a rectangle and ImageMagick's flood fill from
// the corners.
#include <cstdio>
#include <string>

#include "bench/gateway/figures.h"
#include "bench/imaging/baseline.h"
#include "bench/imaging/matte_run.h"
#include "bench/imaging/picture_metrics.h"
#include "bench/imaging/sets.h"
#include "bench/imaging/tiles.h"

namespace darkroom::bench {
namespace {

constexpr double good_iou = 0.93;
constexpr double bad_iou = 0.9;
constexpr double doubtful = 0.6;  // confidence below which a result is to be looked at

void note(Case& result, const std::string& prefix, const MatteScore& score) {
    for (const auto& [name, value] : {std::pair{"iou", score.iou},
                                      {"sad", score.sad},
                                      {"mse", score.mse},
                                      {"halo", score.halo},
                                      {"leak", score.leak},
                                      {"grad", score.gradient},
                                      {"conn", score.connectivity}})
        result.figures[prefix + name] = value;
}

/// What is left to the metrics by a perfect matte: pixels that are solid keep the photo's noise.
cv::Mat perfect(const shots::ProductShot& shot) {
    cv::Mat rgba = cut_out(shot.picture, shot.alpha);
    for (int y = 0; y < rgba.rows; ++y) {
        for (int x = 0; x < rgba.cols; ++x) {
            auto& pixel = rgba.at<cv::Vec4b>(y, x);
            const float alpha = shot.alpha.at<float>(y, x);
            if (pixel[3] == 255 || pixel[3] == 0) continue;
            for (int c = 0; c < 3; ++c)
                pixel[c] = cv::saturate_cast<uchar>(shot.foreground.at<cv::Vec3f>(y, x)[c] / alpha);
        }
    }
    return rgba;
}

Case run_case(int index, const SetPlan& plan) {
    const auto shot = shots::draw_product_shot(shots::matte_plan(index, plan.first_seed));
    const MatteCase ours = run_matte_case(shot, {.baseline = false, .edges = "auto"});
    const cv::Mat grabcut = cut_out(shot.picture, rectangle_grabcut(shot.picture));
    const auto magick =
        plan.peers->run(Peer::imagemagick, {shot.picture}, plan.peers->corners_filled(shot.picture.size()));
    const cv::Mat truth = perfect(shot);

    Case result;
    result.name = std::to_string(shot.plan.seed) + " " + std::string(name_of(shot.plan.shape)) + " on " +
                  std::string(name_of(shot.plan.backdrop)) + (shot.plan.near_colour ? ", near colour" : "");
    note(result, "", ours.score);
    note(result, "grabcut.", score_matte(grabcut, shot));
    note(result, "perfect.", score_matte(truth, shot));
    if (magick) note(result, "magick.", score_matte(magick->picture, shot));
    result.figures["near"] = shot.plan.near_colour ? 1 : 0;
    result.figures["solid"] = ours.score.solid;
    result.figures["confidence"] = ours.confidence;
    result.figures["failed"] = ours.error.empty() ? 0 : 1;
    result.badness = ours.score.halo;
    result.remark = "IoU " + number(ours.score.iou, 3) + ", halo " + number(ours.score.halo, 1) + ", SAD " +
                    number(ours.score.sad, 1) + ", confidence " + number(ours.confidence, 2) + " " +
                    ours.error;
    result.tiles = {small_tile(shot.picture), small_tile(truth), small_tile(ours.rgba), small_tile(grabcut),
                    magick ? small_tile(magick->picture) : cv::Mat()};
    return result;
}

std::vector<std::string> row(const std::string& name, const std::string& prefix,
                             const std::vector<Case>& cases) {
    double good = 0;
    for (const Case& one : cases) {
        const auto found = one.figures.find(prefix + "iou");
        good += found != one.figures.end() && found->second > good_iou ? 1 : 0;
    }
    const auto mean = [&](const char* figure, int digits) {
        return mean_cell(cases, prefix + figure, digits);
    };
    return {name,
            std::to_string(cases.size()),
            mean("iou", 4),
            number(least_of(cases, prefix + "iou"), 3),
            number(100 * good / static_cast<double>(std::max<std::size_t>(1, cases.size()))) + " %",
            mean("sad", 2),
            mean("mse", 2),
            mean("grad", 2),
            mean("conn", 2),
            mean("halo", 2),
            mean("leak", 4)};
}

std::string confidence_note(const std::vector<Case>& cases) {
    int bad = 0, caught = 0, alarms = 0;
    for (const Case& one : cases) {
        const bool doubted = one.figures.at("confidence") < doubtful;
        if (one.figures.at("iou") < bad_iou) {
            ++bad;
            caught += doubted ? 1 : 0;
        } else {
            alarms += doubted ? 1 : 0;
        }
    }
    return "A confidence below 0.6 catches " + std::to_string(caught) + " of " + std::to_string(bad) +
           " results with an IoU below 0.9, with " + std::to_string(alarms) + " false alarms in " +
           std::to_string(static_cast<int>(cases.size()) - bad) + ".";
}

double share_good(const std::vector<Case>& cases) {
    double good = 0;
    for (const Case& one : cases) good += one.figures.at("iou") > good_iou ? 1 : 0;
    return 100 * good / static_cast<double>(std::max<std::size_t>(1, cases.size()));
}

}  // namespace

SetReport run_matte_120(const SetPlan& plan) {
    SetReport set;
    set.id = "matte-120";
    set.title = "bg_remove";
    set.about =
        "Product shots of ten shapes on six backdrops, in clear colours and in colours near the backdrop's; "
        "1024 px, with lens blur, sensor noise and JPEG. On magenta, worst halo first.";
    set.columns = {"photo", "truth", "Darkroom", "GrabCut, rectangle", "ImageMagick flood fill 10 %"};
    // Quick: twenty of all shapes, backdrops and difficulties.
    const int count = plan.quick ? 20 : shots::matte_set_size;
    set.cases = run_cases(count, 1, plan.workers,
                          [&](int i) { return run_case(plan.quick ? 6 * i + i / 5 : i, plan); });
    const auto normal = with(set.cases, "near", 0), near = with(set.cases, "near", 1);
    ReportTable table;
    table.header = {"",        "shots",  "mean IoU", "worst", "> 0.93", "SAD k",
                    "MSE e-3", "Grad k", "Conn k",   "halo",  "leak"};
    table.rows = {row("Darkroom, clear colours", "", normal), row("Darkroom, near colours", "", near),
                  row("Darkroom, all", "", set.cases), row("a perfect matte", "perfect.", set.cases),
                  row("OpenCV GrabCut, rectangle, 512 px", "grabcut.", set.cases)};
    if (plan.peers->has(Peer::imagemagick))
        table.rows.push_back(row("ImageMagick, flood fill 10 %", "magick.", set.cases));
    table.note = confidence_note(set.cases);
    set.tables = {table};
    const auto promise = [&](const char* figure, double value, int digits, Bounds gate, Bounds goal) {
        set.promises.push_back({"bg_remove", figure, value, digits, gate, goal});
    };
    promise("mean IoU, clear colours", mean_of(normal, "iou"), 3, at_least(0.955), at_least(0.985));
    promise("mean IoU, near colours", mean_of(near, "iou"), 3, at_least(0.85), at_least(0.92));
    promise("shots with IoU > 0.93, %", share_good(set.cases), 1, at_least(92), at_least(98));
    promise("mean SAD, clear colours, thousands", mean_of(normal, "sad"), 2, at_most(8), at_most(3));
    promise("halo, clear colours, levels", mean_of(normal, "halo"), 2, at_most(7), at_most(4.5));
    promise("change of solid pixels, levels", most_of(set.cases, "solid"), 0, at_most(0), at_most(0));
    promise("SAD of a rectangle GrabCut ÷ ours",
            mean_of(set.cases, "grabcut.sad") / mean_of(set.cases, "sad"), 1, at_least(7), at_least(20));
    return set;
}

}  // namespace darkroom::bench
