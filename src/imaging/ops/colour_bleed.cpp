#include "imaging/ops/colour_bleed.h"

#include <cstdint>

namespace darkroom::imaging {
namespace {

// Push-pull (Gortler 1996): each level halves the one below, averaging what is visible; then holes are filled
// from above.
template <class T>
cv::Mat halve(const cv::Mat& below) {
    cv::Mat above((below.rows + 1) / 2, (below.cols + 1) / 2, below.type());
    cv::parallel_for_(cv::Range(0, above.rows), [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < above.cols; ++x) {
                std::uint64_t sum[4] = {};
                for (int k = 0; k < 4; ++k) {
                    const int by = 2 * y + k / 2, bx = 2 * x + k % 2;
                    if (by >= below.rows || bx >= below.cols) continue;
                    const auto& pixel = below.at<cv::Vec<T, 4>>(by, bx);
                    for (int c = 0; c < 3; ++c) sum[c] += std::uint64_t{pixel[c]} * pixel[3];
                    sum[3] += pixel[3];
                }
                auto& pixel = above.at<cv::Vec<T, 4>>(y, x);
                pixel = {};
                if (sum[3] == 0) continue;
                for (int c = 0; c < 3; ++c) pixel[c] = static_cast<T>((sum[c] + sum[3] / 2) / sum[3]);
                pixel[3] = 255;  // any visible pixel counts in full one level up
            }
        }
    });
    return above;
}

// `keep_alpha` on the lowest level, which is the picture; above it a filled pixel becomes visible.
template <class T>
void fill_from(const cv::Mat& above, cv::Mat& below, bool keep_alpha) {
    cv::parallel_for_(cv::Range(0, below.rows), [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < below.cols; ++x) {
                auto& pixel = below.at<cv::Vec<T, 4>>(y, x);
                if (pixel[3] != 0) continue;
                pixel = above.at<cv::Vec<T, 4>>(y / 2, x / 2);
                if (keep_alpha) pixel[3] = 0;
            }
        }
    });
}

template <class T>
void bleed(cv::Mat& level, bool is_picture) {
    if (level.rows == 1 && level.cols == 1) return;
    cv::Mat above = halve<T>(level);
    bleed<T>(above, false);
    fill_from<T>(above, level, is_picture);
}

}  // namespace

void bleed_colours(cv::Mat& rgba) {
    if (rgba.depth() == CV_16U) {
        bleed<std::uint16_t>(rgba, true);
    } else {
        bleed<std::uint8_t>(rgba, true);
    }
}

}  // namespace darkroom::imaging
