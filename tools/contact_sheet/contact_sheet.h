// One picture that shows many results: before | after, on a checkerboard where transparent, with a label
// under each pair.
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace darkroom::contact_sheet {

struct Pair {
    cv::Mat before;  // CV_8U, 1 (grey), 3 (RGB) or 4 (RGBA) channels
    cv::Mat after;
    std::string label;
};

struct Layout {
    int cell = 320;     // px, side of the square that one picture is fitted into
    int columns = 3;    // pairs side by side
    std::string title;  // above the grid, or empty
};

/// The sheet as CV_8UC3 RGB. `pairs` must not be empty.
cv::Mat draw(const std::vector<Pair>& pairs, const Layout& layout);

}  // namespace darkroom::contact_sheet
