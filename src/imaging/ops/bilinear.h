// Reading a small picture at positions of a large one without making it large: smooth fields are enlarged
// pixel by pixel where they are needed, which keeps a 12 MP job within its memory.
#pragma once
#include <algorithm>
#include <opencv2/core.hpp>

namespace darkroom::imaging {

template <class Pixel>
class Bilinear {
public:
    /// `field` stands for an area of `size` pixels.
    Bilinear(const cv::Mat& field, cv::Size size)
        : field_(field),
          scale_x_(static_cast<float>(field.cols) / static_cast<float>(size.width)),
          scale_y_(static_cast<float>(field.rows) / static_cast<float>(size.height)) {}

    /// At the pixel of the large picture; outside it, the nearest one inside.
    Pixel operator()(int x, int y) const {
        const Place h = place(x, scale_x_, field_.cols);
        const Place v = place(y, scale_y_, field_.rows);
        const auto* above = field_.ptr<Pixel>(v.low);
        const auto* below = field_.ptr<Pixel>(v.high);
        const Pixel top = above[h.low] * (1 - h.share) + above[h.high] * h.share;
        const Pixel bottom = below[h.low] * (1 - h.share) + below[h.high] * h.share;
        return top * (1 - v.share) + bottom * v.share;
    }

private:
    struct Place {
        int low;
        int high;
        float share;
    };

    static Place place(int at, float scale, int length) {
        const float position =
            std::clamp((static_cast<float>(at) + 0.5F) * scale - 0.5F, 0.0F, static_cast<float>(length - 1));
        const int low = static_cast<int>(position);
        return {low, std::min(low + 1, length - 1), position - static_cast<float>(low)};
    }

    const cv::Mat& field_;
    float scale_x_;
    float scale_y_;
};

}  // namespace darkroom::imaging
