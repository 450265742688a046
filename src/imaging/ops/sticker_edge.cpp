#include "imaging/ops/sticker_edge.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/picture_parts.h"

namespace darkroom::imaging {

void draw_sticker_edge(cv::Mat& rgba, double width_px, cv::Vec3b color) {
    const cv::Mat outside = channel_of(rgba, 3) <= 127;
    cv::Mat away;
    cv::distanceTransform(outside, away, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    for (int y = 0; y < rgba.rows; ++y) {
        for (int x = 0; x < rgba.cols; ++x) {
            cv::Vec4b& pixel = rgba.at<cv::Vec4b>(y, x);
            const float edge =
                std::clamp(static_cast<float>(width_px) + 0.5F - away.at<float>(y, x), 0.0F, 1.0F);
            if (pixel[3] == 255 || edge == 0) continue;
            const float own = static_cast<float>(pixel[3]) / 255;
            const float under = edge * (1 - own);
            for (int c = 0; c < 3; ++c) {
                const float sum = own * static_cast<float>(pixel[c]) + under * static_cast<float>(color[c]);
                pixel[c] = cv::saturate_cast<uchar>(sum / (own + under));
            }
            pixel[3] = cv::saturate_cast<uchar>((own + under) * 255);
        }
    }
}

}  // namespace darkroom::imaging
