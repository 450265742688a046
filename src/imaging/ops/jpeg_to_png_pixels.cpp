#include "imaging/ops/jpeg_to_png_pixels.h"

#include <vector>

namespace darkroom::imaging {
namespace {

cv::Mat as_8_bit(const cv::Mat& picture) {
    cv::Mat result;
    picture.convertTo(result, CV_8U, picture.depth() == CV_16U ? 1 / 257.0 : 1.0);
    return result;
}

constexpr int neighbour_count = 8;
constexpr int neighbour_x[neighbour_count] = {0, -1, 1, 0, -1, 1, -1, 1};
constexpr int neighbour_y[neighbour_count] = {-1, 0, 0, 1, -1, -1, 1, 1};

}  // namespace

NearestSolid::NearestSolid(const cv::Mat& picture, const cv::Mat& solid, int distance_max)
    : known_(solid.clone()), colour_(as_8_bit(picture)) {
    std::vector<cv::Point> front, next;
    const cv::Rect frame(cv::Point(), solid.size());
    // Spreads colour from `from` to its unknown neighbours, which form the next front.
    const auto spread = [&](const cv::Point& from) {
        for (int n = 0; n < neighbour_count; ++n) {
            const cv::Point to(from.x + neighbour_x[n], from.y + neighbour_y[n]);
            if (!frame.contains(to) || known_.at<std::uint8_t>(to) != 0) continue;
            known_.at<std::uint8_t>(to) = 1;
            colour_.at<cv::Vec3b>(to) = colour_.at<cv::Vec3b>(from);
            next.push_back(to);
        }
    };
    for (int y = 0; y < solid.rows; ++y) {
        for (int x = 0; x < solid.cols; ++x) {
            if (solid.at<std::uint8_t>(y, x) != 0) spread({x, y});
        }
    }
    for (int distance = 1; distance < distance_max && !next.empty(); ++distance) {
        front.swap(next);
        next.clear();
        for (const auto& point : front) spread(point);
    }
}

}  // namespace darkroom::imaging
