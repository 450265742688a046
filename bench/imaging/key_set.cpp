// key-40: jpeg_to_png on logos, line art and lettering, some with a soft glow, on one flat colour and after
// JPEG, beside ImageMagick's flood fill and its colour made transparent everywhere.
#include <cmath>
#include <cstdio>
#include <string>

#include "bench/gateway/figures.h"
#include "bench/imaging/matte_metrics.h"
#include "bench/imaging/picture_metrics.h"
#include "bench/imaging/sets.h"
#include "bench/imaging/tiles.h"
#include "imaging/ops/operation.h"
#include "tools/shots/logo.h"

namespace darkroom::bench {
namespace {

constexpr int key_cases = 40;
constexpr int logo_width = 800;

std::string hex(cv::Vec3b colour) {
    char text[8];
    std::snprintf(text, sizeof text, "#%02X%02X%02X", colour[0], colour[1], colour[2]);
    return text;
}

cv::Mat matte_of(const cv::Mat& rgba) {
    cv::Mat alpha(rgba.size(), CV_32F, cv::Scalar(1));
    if (rgba.channels() != 4) return alpha;
    cv::extractChannel(rgba, alpha, 3);
    alpha.convertTo(alpha, CV_32F, 1.0 / 255);
    return alpha;
}

/// Mean difference of result and truth on black, white and magenta, 0 to 255, where either shows anything.
double shown_off(const cv::Mat& rgba, const shots::Logo& logo) {
    const cv::Mat seen = (matte_of(rgba) > 0.02F) | (matte_of(logo.drawn) > 0.02F);
    double sum = 0;
    for (const cv::Vec3b& ground : {cv::Vec3b(0, 0, 0), cv::Vec3b(255, 255, 255), magenta}) {
        cv::Mat difference;
        cv::absdiff(laid_on(rgba, ground), laid_on(logo.drawn, ground), difference);
        const cv::Scalar mean = cv::mean(difference, seen);
        sum += (mean[0] + mean[1] + mean[2]) / 9;
    }
    return sum;
}

void note(Case& one, const std::string& prefix, const cv::Mat& rgba, const shots::Logo& logo) {
    if (rgba.size() != logo.drawn.size() || rgba.channels() < 3) return;
    one.figures[prefix + "sad"] = alpha_sad(matte_of(rgba), matte_of(logo.drawn));
    one.figures[prefix + "shown"] = shown_off(rgba, logo);
    cv::Mat difference;
    cv::absdiff(laid_on(rgba, logo.ground), logo.picture, difference);
    one.figures[prefix + "recomposed"] = cv::norm(difference, cv::NORM_INF);
}

Case run_case(int index, const SetPlan& plan) {
    const auto seed = plan.first_seed + static_cast<std::uint64_t>(index);
    const shots::LogoStyle style{.glow = index % 4 == 3, .jpeg_quality = 60 + index * 35 / (key_cases - 1)};
    const shots::Logo logo = shots::draw_logo(seed, logo_width, style);
    Case one;
    one.name = std::to_string(seed) + " on " + hex(logo.ground) + ", JPEG " +
               std::to_string(style.jpeg_quality) + (style.glow ? ", glow" : "");
    const auto whole = imaging::jpeg_to_png(logo.picture, {{"v", 1}, {"interior", "remove"}});
    const auto unmixed = imaging::jpeg_to_png(
        logo.picture, {{"v", 1}, {"method", "unmix"}, {"key", hex(logo.ground)}, {"interior", "remove"}});
    one.figures["failed"] = whole && unmixed ? 0 : 1;
    if (!whole || !unmixed) {
        one.badness = 1e9;
        one.remark = "refused";
        return one;
    }
    note(one, "", whole->main, logo);
    note(one, "unmix.", unmixed->main, logo);
    const auto filled =
        plan.peers->run(Peer::imagemagick, {logo.picture}, plan.peers->corners_filled(logo.picture.size()));
    const auto keyed =
        plan.peers->run(Peer::imagemagick, {logo.picture},
                        {"{0}", "-fuzz", "10%", "-transparent", hex(logo.ground), "PNG32:{out}"});
    if (filled) note(one, "magick.", filled->picture, logo);
    if (keyed) note(one, "magick_key.", keyed->picture, logo);
    one.badness = one.figures["shown"];
    one.remark = "SAD " + number(one.figures["sad"], 2) + ", shown off by " +
                 number(one.figures["shown"], 1) + ", flood fill " + number(one.figures["magick.shown"], 1);
    one.tiles = {small_tile(logo.picture),
                 small_tile(logo.drawn),
                 small_tile(whole->main),
                 small_tile(unmixed->main),
                 filled ? small_tile(filled->picture) : cv::Mat(),
                 keyed ? small_tile(keyed->picture) : cv::Mat()};
    return one;
}

std::vector<std::string> row(const std::string& name, const std::string& prefix,
                             const std::vector<Case>& cases) {
    return {name, mean_cell(cases, prefix + "sad", 2), mean_cell(cases, prefix + "shown", 2),
            number(most_of(cases, prefix + "shown"), 1), number(most_of(cases, prefix + "recomposed"))};
}

}  // namespace

SetReport run_key_40(const SetPlan& plan) {
    SetReport set;
    set.id = "key-40";
    set.title = "jpeg_to_png";
    set.about =
        "Logos, line art and lettering, every fourth with a glow, on one colour, JPEG 60 to 95. Shown is the "
        "mean difference to the truth on black, white and magenta where anything is to be seen; recomposed "
        "the "
        "largest difference to the input when laid on the colour again.";
    set.columns = {"picture",     "truth", "Darkroom, auto", "Darkroom, unmix", "ImageMagick flood fill",
                   "-transparent"};
    set.cases = run_cases(key_cases, plan.quick ? 2 : 1, plan.workers,
                          [&](int index) { return run_case(index, plan); });
    ReportTable table;
    table.header = {"", "SAD k", "shown off, levels", "worst", "recomposed, most"};
    table.rows = {row("Darkroom, auto", "", set.cases),
                  row("Darkroom, unmix with the key", "unmix.", set.cases)};
    if (plan.peers->has(Peer::imagemagick)) {
        table.rows.push_back(row("ImageMagick, flood fill 10 %", "magick.", set.cases));
        table.rows.push_back(row("ImageMagick, -transparent 10 %", "magick_key.", set.cases));
    }
    set.tables = {table};
    set.promises = {
        {"jpeg_to_png", "unmix laid on its key again, most levels off",
         most_of(set.cases, "unmix.recomposed"), 0, at_most(2), at_most(1)},
        {"jpeg_to_png", "pictures refused", most_of(set.cases, "failed"), 0, at_most(0), at_most(0)}};
    return set;
}

}  // namespace darkroom::bench
