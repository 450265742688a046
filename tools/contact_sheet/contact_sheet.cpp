#include "tools/contact_sheet/contact_sheet.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "base/check.h"

namespace darkroom::contact_sheet {
namespace {

constexpr int gap = 28;       // px between pairs
constexpr int inner_gap = 6;  // px between before and after
constexpr int label_height = 34;
constexpr int header_height = 74;
constexpr int square = 10;  // px, of the checkerboard

const cv::Scalar paper(250, 250, 248);
const cv::Scalar ink(38, 40, 44);
const cv::Scalar pale_ink(120, 122, 128);
const cv::Scalar board(238, 238, 238);

// Grey enough that white lettering on it can be seen.
int checker(int x, int y) { return (x / square + y / square) % 2 == 0 ? 208 : 184; }

cv::Mat as_rgb_or_rgba(const cv::Mat& picture) {
    if (picture.channels() != 1) return picture;
    cv::Mat rgb;
    cv::cvtColor(picture, rgb, cv::COLOR_GRAY2RGB);
    return rgb;
}

cv::Mat on_checkerboard(const cv::Mat& picture) {
    if (picture.channels() == 3) return picture;
    cv::Mat out(picture.size(), CV_8UC3);
    for (int y = 0; y < picture.rows; ++y) {
        for (int x = 0; x < picture.cols; ++x) {
            const cv::Vec4b& pixel = picture.at<cv::Vec4b>(y, x);
            for (int c = 0; c < 3; ++c) {
                const int sum = pixel[c] * pixel[3] + checker(x, y) * (255 - pixel[3]);
                out.at<cv::Vec3b>(y, x)[c] = static_cast<uchar>((sum + 127) / 255);
            }
        }
    }
    return out;
}

/// Colour is weighted by alpha while shrinking: what hides under alpha 0 must not shine through at outlines.
cv::Mat shrunk(const cv::Mat& picture, cv::Size size) {
    cv::Mat small;
    if (picture.channels() != 4) {
        cv::resize(picture, small, size, 0, 0, size.width < picture.cols ? cv::INTER_AREA : cv::INTER_CUBIC);
        return small;
    }
    cv::Mat weighted;
    picture.convertTo(weighted, CV_32F);
    for (cv::Vec4f& pixel : cv::Mat_<cv::Vec4f>(weighted)) {
        for (int c = 0; c < 3; ++c) pixel[c] *= pixel[3] / 255;
    }
    cv::resize(weighted, weighted, size, 0, 0, size.width < picture.cols ? cv::INTER_AREA : cv::INTER_LINEAR);
    for (cv::Vec4f& pixel : cv::Mat_<cv::Vec4f>(weighted)) {
        for (int c = 0; c < 3 && pixel[3] > 0; ++c) pixel[c] *= 255 / pixel[3];
    }
    weighted.convertTo(small, CV_8U);
    return small;
}

cv::Size fitted(cv::Size size, int cell) {
    const double scale = static_cast<double>(cell) / std::max(size.width, size.height);
    return {std::max(1, cvRound(size.width * scale)), std::max(1, cvRound(size.height * scale))};
}

void place(cv::Mat& sheet, const cv::Mat& picture, cv::Rect frame) {
    cv::rectangle(sheet, frame, board, cv::FILLED);
    const cv::Mat small =
        on_checkerboard(shrunk(as_rgb_or_rgba(picture), fitted(picture.size(), frame.width)));
    small.copyTo(sheet(cv::Rect(frame.x + (frame.width - small.cols) / 2,
                                frame.y + (frame.height - small.rows) / 2, small.cols, small.rows)));
}

/// Text cut with dots so that it fits into `width` pixels.
void write(cv::Mat& sheet, std::string text, cv::Point at, int width, double scale,
           const cv::Scalar& colour) {
    const int font = cv::FONT_HERSHEY_DUPLEX;
    const auto too_wide = [&](const std::string& line) {
        return cv::getTextSize(line, font, scale, 1, nullptr).width > width;
    };
    if (too_wide(text)) {
        while (!text.empty() && too_wide(text + "...")) text.pop_back();
        text += "...";
    }
    cv::putText(sheet, text, at, font, scale, colour, 1, cv::LINE_AA);
}

}  // namespace

cv::Mat draw(const std::vector<Pair>& pairs, const Layout& layout) {
    DR_CHECK(!pairs.empty() && layout.columns > 0 && layout.cell > 0);
    const int columns = std::min<int>(layout.columns, static_cast<int>(pairs.size()));
    const int rows = (static_cast<int>(pairs.size()) + columns - 1) / columns;
    const int pair_width = 2 * layout.cell + inner_gap;
    const int pair_height = layout.cell + label_height;
    const int top = layout.title.empty() ? gap : header_height;
    cv::Mat sheet(top + rows * (pair_height + gap / 2) + gap / 2, gap + columns * (pair_width + gap), CV_8UC3,
                  paper);
    if (!layout.title.empty()) {
        write(sheet, layout.title, {gap, 46}, sheet.cols - 2 * gap, 0.95, ink);
    }
    for (int i = 0; i < static_cast<int>(pairs.size()); ++i) {
        const int x = gap + (i % columns) * (pair_width + gap);
        const int y = top + (i / columns) * (pair_height + gap / 2);
        place(sheet, pairs[i].before, {x, y, layout.cell, layout.cell});
        place(sheet, pairs[i].after, {x + layout.cell + inner_gap, y, layout.cell, layout.cell});
        write(sheet, pairs[i].label, {x + 2, y + layout.cell + 22}, pair_width - 4, 0.5, pale_ink);
    }
    return sheet;
}

cv::Mat draw_rows(const std::vector<Row>& rows, const RowLayout& layout) {
    DR_CHECK(!rows.empty() && layout.cell > 0 && !layout.headings.empty());
    const int columns = static_cast<int>(layout.headings.size());
    const int step = layout.cell + inner_gap;
    const int row_height = layout.cell + label_height;
    const int top = header_height + label_height;
    cv::Mat sheet(top + static_cast<int>(rows.size()) * row_height + gap / 2,
                  2 * gap + columns * step - inner_gap, CV_8UC3, paper);
    write(sheet, layout.title, {gap, 46}, sheet.cols - 2 * gap, 0.95, ink);
    for (int c = 0; c < columns; ++c)
        write(sheet, layout.headings[static_cast<std::size_t>(c)], {gap + c * step + 2, header_height + 18},
              layout.cell - 4, 0.5, ink);
    for (int r = 0; r < static_cast<int>(rows.size()); ++r) {
        const Row& row = rows[static_cast<std::size_t>(r)];
        DR_CHECK(row.pictures.size() <= layout.headings.size());
        const int y = top + r * row_height;
        for (int c = 0; c < static_cast<int>(row.pictures.size()); ++c) {
            const cv::Mat& picture = row.pictures[static_cast<std::size_t>(c)];
            if (!picture.empty()) place(sheet, picture, {gap + c * step, y, layout.cell, layout.cell});
        }
        write(sheet, row.label, {gap + 2, y + layout.cell + 22}, sheet.cols - 2 * gap, 0.5, pale_ink);
    }
    return sheet;
}

}  // namespace darkroom::contact_sheet
