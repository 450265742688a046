#include "bench/imaging/tiles.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "bench/imaging/picture_metrics.h"
#include "bench/imaging/sets.h"

namespace darkroom::bench {

cv::Mat small_tile(const cv::Mat& picture) {
    if (picture.empty()) return {};
    cv::Mat colours = picture.channels() == 1 ? cv::Mat() : laid_on(picture, magenta);
    if (picture.channels() == 1) cv::cvtColor(picture, colours, cv::COLOR_GRAY2RGB);
    const double scale = static_cast<double>(tile_side) / std::max(picture.cols, picture.rows);
    cv::Mat tile;
    cv::resize(colours, tile,
               {std::max(1, cvRound(picture.cols * scale)), std::max(1, cvRound(picture.rows * scale))}, 0, 0,
               scale < 1 ? cv::INTER_AREA : cv::INTER_NEAREST);
    return tile;
}

cv::Mat close_tile(const cv::Mat& picture, cv::Point centre, int zoom) {
    if (picture.empty()) return {};
    const cv::Size size(std::min(picture.cols, tile_side / zoom), std::min(picture.rows, tile_side / zoom));
    const cv::Rect part(std::clamp(centre.x - size.width / 2, 0, picture.cols - size.width),
                        std::clamp(centre.y - size.height / 2, 0, picture.rows - size.height), size.width,
                        size.height);
    cv::Mat tile;
    cv::resize(laid_on(picture(part), magenta), tile, {}, zoom, zoom, cv::INTER_NEAREST);
    return tile;
}

cv::Point busiest_place(const cv::Mat& mask) {
    cv::Mat density;
    cv::boxFilter(mask, density, CV_32F, {tile_side, tile_side}, {-1, -1}, true, cv::BORDER_CONSTANT);
    cv::Point most;
    cv::minMaxLoc(density, nullptr, nullptr, nullptr, &most);
    return most;
}

cv::Mat outlined(const cv::Mat& picture, const cv::Mat& mask) {
    cv::Mat marked = picture.clone();
    std::vector<std::vector<cv::Point>> outlines;
    cv::findContours(mask.clone(), outlines, cv::RETR_LIST, cv::CHAIN_APPROX_NONE);
    cv::drawContours(marked, outlines, -1, cv::Scalar(255, 0, 255), 2);
    return marked;
}

}  // namespace darkroom::bench
