// The gate on restoration: held-out scenes, aged, restored, and compared with what they were.
#include <gtest/gtest.h>

#include "bench/imaging/old_score.h"
#include "imaging/ops/operation.h"
#include "tools/shots/old_photo.h"

namespace darkroom::bench {
namespace {

TEST(Restoration, HeldOutPrintsComeBack) {
    double recall = 0, precision = 0, gain = 0;
    constexpr int prints = 4;
    for (std::uint64_t seed = 5000; seed < 5000 + prints; ++seed) {
        SCOPED_TRACE(seed);
        const cv::Mat clean = shots::draw_old_photo(seed, 1024).clean;
        const AgedPrint aged = age_print(clean, seed);
        const auto result = imaging::restore(aged.picture, {{"v", 1}, {"output_size", "original"}});
        ASSERT_TRUE(result);
        EXPECT_TRUE(result->warnings.empty());
        const DefectScore defects = score_defects(result->mask, aged);
        recall += defects.recall / prints;
        precision += defects.precision / prints;
        gain += ssim_gain(result->main, aged, clean) / prints;
    }
    RecordProperty("recall_permille", static_cast<int>(recall * 1000));
    RecordProperty("precision_permille", static_cast<int>(precision * 1000));
    RecordProperty("ssim_gain_permille", static_cast<int>(gain * 1000));
    EXPECT_GE(recall, 0.88);
    EXPECT_GE(precision, 0.90);
    EXPECT_GE(gain, 0.20);
}

}  // namespace
}  // namespace darkroom::bench
