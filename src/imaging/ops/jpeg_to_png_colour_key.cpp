// colour_key: the background is what has the key's colour and touches the frame. Its edge is a ramp in
// delta-E; where the subject's own colour is known nearby, mixed pixels are split exactly instead, which
// leaves no rim of the key.
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "imaging/ops/colour_bleed.h"
#include "imaging/ops/jpeg_to_png_methods.h"
#include "imaging/ops/jpeg_to_png_pixels.h"

namespace darkroom::imaging {
namespace {

constexpr int edge_px = 3;      // how far from the background a pixel may be a mixture with it
constexpr int solid_reach = 6;  // how far the subject's colour is looked for
constexpr int jpeg_block = 8;
constexpr int speck_px = 24;

cv::Mat grown(const cv::Mat& mask, int distance) {
    cv::Mat result;
    cv::dilate(mask, result, cv::getStructuringElement(cv::MORPH_RECT, {2 * distance + 1, 2 * distance + 1}));
    return result;
}

// JPEG rings within the 8 x 8 blocks that hold an edge. There, and only where the distance is small anyway,
// single pixels that differ from all around them are noise.
void deblock(cv::Mat& distance, const KeySettings& settings) {
    const auto edge_from = static_cast<float>(settings.tolerance + 2 * settings.softness);
    cv::Mat median;
    cv::medianBlur(distance, median, 3);
    median = cv::min(median, distance);  // specks go; corners of the background stay
    cv::parallel_for_(
        cv::Range(0, (distance.rows + jpeg_block - 1) / jpeg_block), [&](const cv::Range& range) {
            for (int by = range.start * jpeg_block; by < std::min(range.end * jpeg_block, distance.rows);
                 by += jpeg_block) {
                for (int bx = 0; bx < distance.cols; bx += jpeg_block) {
                    const cv::Rect block =
                        cv::Rect(bx, by, jpeg_block, jpeg_block) & cv::Rect(cv::Point(), distance.size());
                    double most = 0;
                    cv::minMaxLoc(distance(block), nullptr, &most);
                    if (most <= edge_from) continue;
                    median(block).copyTo(distance(block), distance(block) < edge_from);
                }
            }
        });
}

// Small islands in the background that hardly differ from it: what ringing leaves.
void drop_specks(cv::Mat& background, const cv::Mat& distance, const KeySettings& settings) {
    cv::Mat labels, stats, centroids;
    const int count = cv::connectedComponentsWithStats(background == 0, labels, stats, centroids, 8, CV_32S);
    const auto faint = static_cast<float>(settings.tolerance + 3 * std::max(settings.softness, 2.0));
    for (int i = 1; i < count; ++i) {
        if (stats.at<int>(i, cv::CC_STAT_AREA) > speck_px) continue;
        const cv::Rect box(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                           stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
        const cv::Mat speck = labels(box) == i;
        double most = 0;
        cv::minMaxLoc(distance(box), nullptr, &most, nullptr, nullptr, speck);
        if (most < faint) background(box).setTo(255, speck);
    }
}

// Where the subject's own colour shows: away from the background, and in thin strokes at what differs most
// from the key.
cv::Mat solid_pixels(const cv::Mat& distance, const cv::Mat& edge, const KeySettings& settings) {
    cv::Mat most;
    cv::dilate(distance, most, cv::getStructuringElement(cv::MORPH_RECT, {5, 5}));
    const cv::Mat core = (distance >= most - 1) & (distance > settings.tolerance + settings.softness);
    return core | (edge == 0);
}

struct EdgePixel {
    Rgb colour;
    float alpha;
};

// Splits `seen` into key and `solid`: the share along the line between them, if it lies near that line at
// all.
std::optional<EdgePixel> split_by_solid(const Rgb& seen, const Rgb& solid, const Rgb& key) {
    const Rgb line = solid - key;
    const float length = line.dot(line);
    if (length < 100) return std::nullopt;  // subject and key nearly alike: nothing to measure along
    const float share = std::clamp((seen - key).dot(line) / length, 0.0f, 1.0f);
    const Rgb off_line = seen - key - line * share;
    if (off_line.dot(off_line) > 24 * 24 || share < 1.0f / 255) return std::nullopt;
    return EdgePixel{colour_before_key(seen, key, share), share};
}

EdgePixel edge_pixel(const Rgb& seen, float distance, const NearestSolid& solids, int y, int x,
                     const KeySettings& settings) {
    const double soft = std::max(settings.softness, 1e-3);
    const auto ramp = static_cast<float>(std::clamp((distance - settings.tolerance) / soft, 0.0, 1.0));
    if (!settings.despill || ramp <= 0) return {seen, ramp};
    EdgePixel by_ramp{colour_before_key(seen, settings.key, ramp), ramp};
    if (!solids.known(y, x)) return by_ramp;
    const cv::Vec3b& solid = solids.colour(y, x);
    return split_by_solid(seen, Rgb(solid[0], solid[1], solid[2]), settings.key).value_or(by_ramp);
}

}  // namespace

cv::Mat remove_key_colour(const cv::Mat& picture, const cv::Mat& exact_distance,
                          const KeySettings& settings) {
    cv::Mat distance = exact_distance.clone();
    if (settings.deblock) deblock(distance, settings);
    const cv::Mat near = distance <= settings.tolerance;
    cv::Mat background = settings.remove_interior ? near.clone() : connected_to_frame(near);
    if (settings.deblock) drop_specks(background, distance, settings);
    const cv::Mat edge = grown(background, edge_px);
    const NearestSolid solids(picture, solid_pixels(distance, edge, settings), solid_reach);
    const int full = full_alpha(picture);
    cv::Mat result(picture.size(), CV_MAKETYPE(picture.depth(), 4));
    cv::parallel_for_(cv::Range(0, picture.rows), [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < picture.cols; ++x) {
                const Rgb seen = rgb_at(picture, y, x);
                if (background.at<std::uint8_t>(y, x) != 0) {
                    set_pixel(result, y, x, seen, 0);
                } else if (edge.at<std::uint8_t>(y, x) == 0) {
                    set_pixel(result, y, x, seen, full);
                } else {
                    const EdgePixel split =
                        edge_pixel(seen, distance.at<float>(y, x), solids, y, x, settings);
                    set_pixel(result, y, x, split.colour, alpha_levels(split.alpha, full));
                }
            }
        }
    });
    bleed_colours(result);
    return result;
}

}  // namespace darkroom::imaging
