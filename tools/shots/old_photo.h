// Old prints as they come from a scanner: a place drawn from noise, then faded, yellowed, scratched, dusty
// and small.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>

namespace darkroom::shots {

struct OldPhoto {
    cv::Mat picture;  // CV_8UC3 RGB, as found
    cv::Mat clean;    // CV_8UC3 RGB, the scene before it aged
    cv::Mat defects;  // CV_8U, 255 where a scratch, a fold or dust covers the scene
};

/// `long_side` px; the same seed draws the same scene at every size.
OldPhoto draw_old_photo(std::uint64_t seed, int long_side);

}  // namespace darkroom::shots
