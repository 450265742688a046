// Fills holes with texture from around them: every 7 x 7 patch that touches the hole looks for its like in
// the surroundings (PatchMatch: propagation and random search), the patches vote on the pixels, and this
// repeats from a coarse copy of the picture to the fine one. Sequential and seeded: the same bytes always.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>

namespace darkroom::imaging {

struct PatchFill {
    cv::Mat picture;    // as the input, with its holes filled
    double misfit = 0;  // how far patches are from their likes: levels of 8 bits, root mean square
};

/// `picture` is CV_8U with 3 or 4 channels and shows the hole's surroundings, from which texture may come.
/// Where these are too small to hold a patch, the hole is filled smoothly.
PatchFill patch_fill(const cv::Mat& picture, const cv::Mat& hole, std::uint64_t seed);

}  // namespace darkroom::imaging
