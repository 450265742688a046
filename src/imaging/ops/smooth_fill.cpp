#include "imaging/ops/smooth_fill.h"

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace darkroom::imaging {
namespace {

constexpr int settling_rounds = 12;   // of averaging per level of the pyramid
constexpr int directed_rounds = 48;   // of flow along edges
constexpr int directions_every = 16;  // rounds after which the edges' directions are measured again
constexpr float flow = 0.2F;          // stable below 0.25

/// Pixels of four floats, however many channels the picture has.
using Canvas = cv::Mat_<cv::Vec4f>;

std::vector<cv::Point> pixels_of(const cv::Mat& hole) {
    std::vector<cv::Point> list;
    for (int y = 0; y < hole.rows; ++y) {
        for (int x = 0; x < hole.cols; ++x) {
            if (hole.at<uchar>(y, x) != 0) list.emplace_back(x, y);
        }
    }
    return list;
}

cv::Vec4f at(const Canvas& canvas, int x, int y) {
    return canvas(std::min(std::max(y, 0), canvas.rows - 1), std::min(std::max(x, 0), canvas.cols - 1));
}

// Half the size; a pixel is known if any of its four is.
void halve(const Canvas& canvas, const cv::Mat& hole, Canvas& small, cv::Mat& small_hole) {
    small.create((canvas.rows + 1) / 2, (canvas.cols + 1) / 2);
    small_hole.create(small.size(), CV_8U);
    for (int y = 0; y < small.rows; ++y) {
        for (int x = 0; x < small.cols; ++x) {
            cv::Vec4f sum = cv::Vec4f::all(0);
            int known = 0;
            for (int v = 2 * y; v < std::min(2 * y + 2, canvas.rows); ++v) {
                for (int u = 2 * x; u < std::min(2 * x + 2, canvas.cols); ++u) {
                    if (hole.at<uchar>(v, u) != 0) continue;
                    sum += canvas(v, u);
                    ++known;
                }
            }
            small(y, x) = known > 0 ? sum * (1.0F / static_cast<float>(known)) : cv::Vec4f::all(128);
            small_hole.at<uchar>(y, x) = known > 0 ? 0 : 255;
        }
    }
}

// From coarse to fine: each level starts from the one above and settles to the mean of its neighbours.
void settle(Canvas& canvas, const cv::Mat& hole) {
    const auto pixels = pixels_of(hole);
    if (pixels.empty() || canvas.total() <= 1) return;
    Canvas small, start;
    cv::Mat small_hole;
    halve(canvas, hole, small, small_hole);
    settle(small, small_hole);
    cv::resize(small, start, canvas.size(), 0, 0, cv::INTER_LINEAR);
    for (const cv::Point p : pixels) canvas(p) = start(p);
    for (int round = 0; round < settling_rounds; ++round) {
        for (const cv::Point p : pixels) {
            canvas(p) = (at(canvas, p.x - 1, p.y) + at(canvas, p.x + 1, p.y) + at(canvas, p.x, p.y - 1) +
                         at(canvas, p.x, p.y + 1)) *
                        0.25F;
        }
    }
}

struct Direction {
    float xx, xy, yy;  // products of the unit vector along the edge; all 0 where there is none
};

// From the structure tensor, whose window reaches the rim: inside the hole edges are faint.
std::vector<Direction> directions(const Canvas& canvas, const std::vector<cv::Point>& pixels) {
    cv::Mat colours, grey, dx, dy, xx, xy, yy;
    cv::extractChannel(canvas, grey, 1);
    cv::Sobel(grey, dx, CV_32F, 1, 0, 3, 0.25);
    cv::Sobel(grey, dy, CV_32F, 0, 1, 3, 0.25);
    cv::GaussianBlur(dx.mul(dx), xx, {}, 2);
    cv::GaussianBlur(dx.mul(dy), xy, {}, 2);
    cv::GaussianBlur(dy.mul(dy), yy, {}, 2);
    std::vector<Direction> list;
    list.reserve(pixels.size());
    for (const cv::Point p : pixels) {
        const float a = xx.at<float>(p), b = xy.at<float>(p), c = yy.at<float>(p);
        const float spread = std::sqrt((a - c) * (a - c) + 4 * b * b);
        const float coherence = spread / (a + c + 1);
        // The direction of least change: half the angle of the tensor, turned by a right angle.
        const float cos2 = spread > 0 ? -(a - c) / spread : 0, sin2 = spread > 0 ? -2 * b / spread : 0;
        list.push_back({coherence * (1 + cos2) / 2, coherence * sin2 / 2, coherence * (1 - cos2) / 2});
    }
    return list;
}

void follow_edges(Canvas& canvas, const std::vector<cv::Point>& pixels) {
    std::vector<Direction> along;
    std::vector<cv::Vec4f> change(pixels.size());
    for (int round = 0; round < directed_rounds; ++round) {
        if (round % directions_every == 0) along = directions(canvas, pixels);
        for (std::size_t i = 0; i < pixels.size(); ++i) {
            const int x = pixels[i].x, y = pixels[i].y;
            const cv::Vec4f here = canvas(y, x) * 2.0F;
            const cv::Vec4f uxx = at(canvas, x - 1, y) + at(canvas, x + 1, y) - here;
            const cv::Vec4f uyy = at(canvas, x, y - 1) + at(canvas, x, y + 1) - here;
            const cv::Vec4f uxy = (at(canvas, x + 1, y + 1) + at(canvas, x - 1, y - 1) -
                                   at(canvas, x + 1, y - 1) - at(canvas, x - 1, y + 1)) *
                                  0.25F;
            const Direction& d = along[i];
            change[i] = uxx * d.xx + uyy * d.yy + uxy * (2 * d.xy);
        }
        for (std::size_t i = 0; i < pixels.size(); ++i) canvas(pixels[i]) += change[i] * flow;
    }
}

}  // namespace

cv::Mat smooth_fill(const cv::Mat& picture, const cv::Mat& hole) {
    const int channels = picture.channels();
    Canvas canvas(picture.size(), cv::Vec4f::all(0));
    for (int y = 0; y < picture.rows; ++y) {
        const uchar* row = picture.ptr<uchar>(y);
        for (int x = 0; x < picture.cols; ++x) {
            for (int c = 0; c < channels; ++c) canvas(y, x)[c] = row[x * channels + c];
        }
    }
    settle(canvas, hole);
    const auto pixels = pixels_of(hole);
    follow_edges(canvas, pixels);
    cv::Mat filled = picture.clone();
    for (const cv::Point p : pixels) {
        uchar* pixel = filled.ptr(p.y, p.x);
        for (int c = 0; c < channels; ++c) pixel[c] = cv::saturate_cast<uchar>(canvas(p)[c]);
    }
    return filled;
}

}  // namespace darkroom::imaging
