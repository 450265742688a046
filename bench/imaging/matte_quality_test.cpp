// The gate on background removal: ten held-out shots, one of each shape, against their truth and against what
// a program gets from GrabCut with a rectangle. The whole set is `bench_imaging`.
#include <gtest/gtest.h>

#include "bench/imaging/matte_run.h"

namespace darkroom::bench {
namespace {

TEST(BackgroundRemoval, HeldOutShotsAreCutOutWell) {
    // Every thirteenth of the set: all shapes, all backdrops, both difficulties.
    const std::vector<MatteCase> cases =
        run_matte_set({.first_seed = 5000, .step = 13, .long_side = 768, .edges = "auto"});
    ASSERT_EQ(cases.size(), 10U);
    for (const MatteCase& one : cases) {
        EXPECT_TRUE(one.error.empty()) << one.plan.seed << ": " << one.error;
        EXPECT_EQ(one.score.solid, 0) << one.plan.seed << ": a solid pixel lost its colour";
    }
    const MatteSummary sum = summarise(cases, -1);
    EXPECT_GE(sum.mean.iou, 0.93);
    EXPECT_GE(sum.baseline_sad / sum.mean.sad, 5) << "not five times better than a rectangle GrabCut";
    EXPECT_LE(sum.mean.leak, 0.01);
}

}  // namespace
}  // namespace darkroom::bench
