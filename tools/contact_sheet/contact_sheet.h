// One picture that shows many results: before | after, or truth | ours | theirs, on a checkerboard where
// transparent, with a label under each pair or row.
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

/// One result of many side by side: truth, ours, theirs.
struct Row {
    std::vector<cv::Mat> pictures;  // as in Pair; an empty one leaves its place free
    std::string label;              // under the row
};

struct RowLayout {
    int cell = 240;
    std::vector<std::string> headings;  // above the columns, as many as a row has pictures
    std::string title;
};

/// The same for rows, which must not be empty nor have more pictures than there are headings.
cv::Mat draw_rows(const std::vector<Row>& rows, const RowLayout& layout);

}  // namespace darkroom::contact_sheet
