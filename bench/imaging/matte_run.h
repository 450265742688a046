// Running bg_remove over a set of generated shots and adding up what came out.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bench/imaging/matte_metrics.h"

namespace darkroom::bench {

struct MatteCase {
    shots::ShotPlan plan;
    MatteScore score;
    double confidence = 0;
    double baseline_sad = -1;  // of the rectangle GrabCut; negative: not run
    double baseline_iou = 0;
    cv::Mat rgba;       // what came out; kept by run_matte_case() alone
    std::string error;  // the operation's code where it failed; the score is that of an empty result
};

struct MatteRun {
    std::uint64_t first_seed = 5000;
    int first = 0;  // of the set matte-120
    int last = shots::matte_set_size;
    int step = 1;
    int long_side = 1024;
    bool baseline = true;
    std::string edges = "auto";
};

MatteCase run_matte_case(const shots::ProductShot& shot, const MatteRun& run);

std::vector<MatteCase> run_matte_set(const MatteRun& run);

struct MatteSummary {
    int count = 0;
    MatteScore mean;
    double share_good = 0;  // IoU > 0.93
    double worst_iou = 1;
    double solid_max = 0;
    double baseline_sad = 0;
    double baseline_iou = 0;
};

/// Over the cases that `near_colour` selects: 0 normal, 1 near, -1 all.
MatteSummary summarise(const std::vector<MatteCase>& cases, int near_colour);

}  // namespace darkroom::bench
