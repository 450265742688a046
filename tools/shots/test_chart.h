// What an enlarger must get right, on one sheet: lettering of many heights, lines of one to seven pixels, a
// zone plate, hatching and fine texture, in colour. Smooth pictures are enlarged well by everybody.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>

namespace darkroom::shots {

/// CV_8UC3 RGB, square.
cv::Mat draw_test_chart(std::uint64_t seed, int side);

}  // namespace darkroom::shots
