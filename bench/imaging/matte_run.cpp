#include "bench/imaging/matte_run.h"

#include <algorithm>

#include "bench/imaging/baseline.h"
#include "imaging/ops/operation.h"

namespace darkroom::bench {

MatteCase run_matte_case(const shots::ProductShot& shot, const MatteRun& run) {
    MatteCase result{.plan = shot.plan, .score = {}, .rgba = {}, .error = {}};
    const auto output = imaging::bg_remove(shot.picture, {{"v", 1}, {"edges", run.edges}});
    cv::Mat rgba(shot.picture.size(), CV_8UC4, cv::Scalar::all(0));
    if (output) {
        rgba = output->main;
        result.confidence = output->measures.at("confidence").to_number<double>();
    } else {
        result.error = output.error().code;
    }
    result.score = score_matte(rgba, shot);
    result.rgba = rgba;
    if (run.baseline) {
        const cv::Mat plain = rectangle_grabcut(shot.picture);
        result.baseline_sad = alpha_sad(plain, shot.alpha);
        result.baseline_iou = alpha_iou(plain, shot.alpha);
    }
    return result;
}

std::vector<MatteCase> run_matte_set(const MatteRun& run) {
    std::vector<MatteCase> cases;
    for (int index = run.first; index < run.last; index += run.step) {
        cases.push_back(run_matte_case(
            shots::draw_product_shot(shots::matte_plan(index, run.first_seed, run.long_side)), run));
        cases.back().rgba.release();
    }
    return cases;
}

MatteSummary summarise(const std::vector<MatteCase>& cases, int near_colour) {
    MatteSummary sum;
    for (const MatteCase& one : cases) {
        if (near_colour >= 0 && one.plan.near_colour != (near_colour == 1)) continue;
        ++sum.count;
        sum.mean.iou += one.score.iou;
        sum.mean.sad += one.score.sad;
        sum.mean.mse += one.score.mse;
        sum.mean.halo += one.score.halo;
        sum.mean.leak += one.score.leak;
        sum.share_good += one.score.iou > 0.93 ? 1 : 0;
        sum.worst_iou = std::min(sum.worst_iou, one.score.iou);
        sum.solid_max = std::max(sum.solid_max, one.score.solid);
        sum.baseline_sad += one.baseline_sad;
        sum.baseline_iou += one.baseline_iou;
    }
    const double count = std::max(1, sum.count);
    for (double* value : {&sum.mean.iou, &sum.mean.sad, &sum.mean.mse, &sum.mean.halo, &sum.mean.leak,
                          &sum.share_good, &sum.baseline_sad, &sum.baseline_iou}) {
        *value /= count;
    }
    return sum;
}

}  // namespace darkroom::bench
