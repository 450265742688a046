#include "imaging/ops/compose.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/bilinear.h"
#include "imaging/ops/shadows.h"

namespace darkroom::imaging {
namespace {

constexpr int shadow_long_side = 512;  // shadows are soft: a quarter of the size and less is enough
constexpr uchar visible_alpha = 5;     // 0.02: more than it counts as part of the picture when cropping

/// A shadow and the part of the picture's plane that it stands for.
struct PlacedShadow {
    cv::Mat shadow;  // CV_32F, empty: none
    cv::Rect area;   // in the picture's pixels, may be larger than the picture
};

PlacedShadow made_shadow(const cv::Mat& alpha, cv::Rect region, cv::Rect canvas, const ShadowParams& params,
                         cv::Size picture) {
    const double long_side = std::max(picture.width, picture.height);
    const double scale = std::min(1.0, shadow_long_side / long_side);
    // Made on a frame larger than the canvas, or the frame's edge would cut a blurred shadow and its source.
    const int room = cvRound(0.1 * long_side);
    PlacedShadow placed;
    placed.area = {canvas.x - room, canvas.y - room, canvas.width + 2 * room, canvas.height + 2 * room};
    const cv::Size size(std::max(1, cvRound(placed.area.width * scale)),
                        std::max(1, cvRound(placed.area.height * scale)));
    const double scale_x = static_cast<double>(size.width) / placed.area.width;
    const double scale_y = static_cast<double>(size.height) / placed.area.height;
    const cv::Rect spot(
        cvRound((region.x - placed.area.x) * scale_x), cvRound((region.y - placed.area.y) * scale_y),
        std::max(1, cvRound(region.width * scale_x)), std::max(1, cvRound(region.height * scale_y)));
    cv::Mat small = cv::Mat::zeros(size, CV_32F);
    cv::Mat source;
    cv::resize(alpha, source, spot.size(), 0, 0, cv::INTER_AREA);
    source.convertTo(source, CV_32F, 1.0 / 255);
    const cv::Rect inside = spot & cv::Rect({}, size);
    source(inside - spot.tl()).copyTo(small(inside));
    placed.shadow = make_shadow(small, params, long_side * scale);
    return placed;
}

cv::Vec3b as_bytes(cv::Vec3f colour) {
    return {cv::saturate_cast<uchar>(colour[0] * 255), cv::saturate_cast<uchar>(colour[1] * 255),
            cv::saturate_cast<uchar>(colour[2] * 255)};
}

/// The colour of the subject in one pixel of the region: its own where it is solid, freed of background where
/// it is not, and the nearest of the subject where there is none of it.
class Colouring {
public:
    Colouring(const cv::Mat& picture, const Cutout& cutout, HaloMode halo)
        : picture_(picture),
          alpha_(cutout.alpha),
          halo_(halo),
          subject_(cutout.fields.subject, picture.size()),
          background_(cutout.fields.background, picture.size()) {}

    uchar alpha(int x, int y) const { return inside(x, y) ? alpha_.at<uchar>(y, x) : 0; }

    cv::Vec3b at(int x, int y, uchar alpha) const {
        if (alpha == 255) return picture_.at<cv::Vec3b>(y, x);
        const cv::Vec3f near = subject_(x, y);
        if (alpha == 0) return as_bytes(near);
        const cv::Vec3b pixel = picture_.at<cv::Vec3b>(y, x);
        if (halo_ == HaloMode::off) return pixel;
        const cv::Vec3f own(pixel[0] / 255.0F, pixel[1] / 255.0F, pixel[2] / 255.0F);
        return as_bytes(unmixed(own, alpha / 255.0F, near, background_(x, y)));
    }

private:
    bool inside(int x, int y) const { return x >= 0 && y >= 0 && x < picture_.cols && y < picture_.rows; }

    const cv::Mat picture_;  // the region
    const cv::Mat& alpha_;
    HaloMode halo_;
    Bilinear<cv::Vec3f> subject_;
    Bilinear<cv::Vec3f> background_;
};

/// The subject over its shadow, as straight alpha. Only the subject itself is ever fully opaque: a shadow
/// that rounds up to 255 would claim to be the photo's own pixel.
cv::Vec4b over_shadow(cv::Vec3b colour, uchar alpha, float shadow, cv::Vec3b shadow_colour) {
    const float a = alpha / 255.0F;
    const float s = shadow * (1 - a);
    const auto sum = static_cast<uchar>(std::min(254, cvRound((a + s) * 255)));
    if (alpha == 255 || s < 0.5F / 255) return {colour[0], colour[1], colour[2], alpha};
    cv::Vec4b out(0, 0, 0, std::max(sum, alpha));
    for (int c = 0; c < 3; ++c)
        out[c] = cv::saturate_cast<uchar>((a * colour[c] + s * shadow_colour[c]) / (a + s));
    return out;
}

cv::Mat paint(const cv::Mat& picture, cv::Rect region, cv::Rect canvas, const Cutout& cutout,
              const PlacedShadow& placed, const BgRemoveParams& params) {
    cv::Mat out(canvas.size(), CV_8UC4);
    const Colouring colouring(picture(region), cutout, params.halo);
    const bool shaded = !placed.shadow.empty();
    const cv::Mat no_shadow = cv::Mat::zeros(1, 1, CV_32F);
    const Bilinear<float> shadow(shaded ? placed.shadow : no_shadow, placed.area.size());
    const cv::Vec3b shadow_colour =
        params.shadow.mode == ShadowMode::keep ? cv::Vec3b() : params.shadow.color;
    cv::parallel_for_({0, out.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            auto* line = out.ptr<cv::Vec4b>(y);
            for (int x = 0; x < out.cols; ++x) {
                const int in_x = x + canvas.x - region.x;
                const int in_y = y + canvas.y - region.y;
                const uchar alpha = colouring.alpha(in_x, in_y);
                const cv::Vec3b colour = colouring.at(in_x, in_y, alpha);
                const float dark =
                    shaded ? shadow(x + canvas.x - placed.area.x, y + canvas.y - placed.area.y) : 0;
                line[x] = over_shadow(colour, alpha, dark, shadow_colour);
            }
        }
    });
    return out;
}

cv::Rect visible_box(const cv::Mat& rgba) {
    cv::Mat alpha;
    cv::extractChannel(rgba, alpha, 3);
    const cv::Rect box = cv::boundingRect(alpha > visible_alpha);
    return box.empty() ? cv::Rect({}, rgba.size()) : box;
}

/// Cut to what is visible, then room added; the room continues the hidden colours and is transparent.
Composition cropped(const cv::Mat& rgba, const std::array<double, 4>& margin) {
    const cv::Rect box = visible_box(rgba);
    const cv::Mat core = rgba(box);
    const int top = cvRound(margin[0] * core.rows);
    const int right = cvRound(margin[1] * core.cols);
    const int bottom = cvRound(margin[2] * core.rows);
    const int left = cvRound(margin[3] * core.cols);
    cv::Mat out;
    cv::copyMakeBorder(core, out, top, bottom, left, right, cv::BORDER_REPLICATE | cv::BORDER_ISOLATED);
    const cv::Rect kept(left, top, core.cols, core.rows);
    for (int y = 0; y < out.rows; ++y) {
        for (int x = 0; x < out.cols; ++x) {
            if (!kept.contains({x, y})) out.at<cv::Vec4b>(y, x)[3] = 0;
        }
    }
    return {out, box.tl() - cv::Point(left, top)};
}

}  // namespace

Composition compose(const cv::Mat& picture, cv::Rect region, const Cutout& cutout,
                    const BgRemoveParams& params) {
    cv::Rect canvas({}, picture.size());
    if (params.crop) {
        const int room = cvRound(shadow_reach(params.shadow) * std::max(picture.cols, picture.rows));
        canvas = {-room, -room, picture.cols + 2 * room, picture.rows + 2 * room};
    }
    PlacedShadow placed;
    if (params.shadow.mode == ShadowMode::keep) {
        placed = {cutout.kept_shadow, region};
    } else if (params.shadow.mode != ShadowMode::none) {
        placed = made_shadow(cutout.alpha, region, canvas, params.shadow, picture.size());
    }
    const cv::Mat rgba = paint(picture, region, canvas, cutout, placed, params);
    if (!params.crop) return {rgba, {}};
    Composition cut = cropped(rgba, params.margin);
    cut.origin += canvas.tl();
    return cut;
}

cv::Mat flattened(const cv::Mat& rgba, cv::Vec3b background) {
    cv::Mat out(rgba.size(), CV_8UC3);
    cv::parallel_for_({0, rgba.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < rgba.cols; ++x) {
                const cv::Vec4b& pixel = rgba.at<cv::Vec4b>(y, x);
                for (int c = 0; c < 3; ++c) {
                    out.at<cv::Vec3b>(y, x)[c] = static_cast<uchar>(
                        (pixel[c] * pixel[3] + background[c] * (255 - pixel[3]) + 127) / 255);
                }
            }
        }
    });
    return out;
}

}  // namespace darkroom::imaging
