// A clean picture as a print of it looks after eighty years: faded, yellowed, darker in the corners,
// scratched, dusty, folded and noisy; with the truth of what was damaged.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>

namespace darkroom::bench {

struct AgedPrint {
    cv::Mat picture;  // CV_8UC3 RGB
    cv::Mat defects;  // CV_8U, 255 where a scratch, speck or fold covers the picture
};

AgedPrint age_print(const cv::Mat& clean, std::uint64_t seed);

}  // namespace darkroom::bench
