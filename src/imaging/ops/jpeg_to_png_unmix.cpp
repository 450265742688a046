// unmix: colour to alpha for logos, ink, glows and glass. The least alpha that can explain a pixel is always
// a solution, but it makes solid red on white translucent; so the inks of the picture are found first, and a
// pixel on the line from the key to an ink gets exactly its share of that ink. Whatever alpha is chosen, the
// colour is solved for it, so compositing over the key always gives the input back.
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "imaging/ops/colour_bleed.h"
#include "imaging/ops/jpeg_to_png_methods.h"
#include "imaging/ops/jpeg_to_png_pixels.h"

namespace darkroom::imaging {
namespace {

constexpr int near_px = 3;        // how far from the background a pixel may be a mixture with it
constexpr int solid_reach = 6;    // how far an ink is looked for before all inks are tried
constexpr float invisible = 1;    // levels of difference that count as none; the promise allows no more
constexpr float ink_radius = 14;  // levels around an ink that JPEG scatters it over
constexpr std::size_t inks_max = 8;

float largest_difference(const Rgb& a, const Rgb& b) {
    return std::max({std::abs(a[0] - b[0]), std::abs(a[1] - b[1]), std::abs(a[2] - b[2])});
}

float length(const Rgb& a) { return std::sqrt(a.dot(a)); }

// The 27 steps of a cube: -1, 0 or 1 in each channel.
Rgb step_towards(int k) {
    const int r = k % 3 - 1, g = k / 3 % 3 - 1, b = k / 9 - 1;
    return Rgb(float(r), float(g), float(b));
}

// Colours at 5 bits per channel, each with how many pixels have it.
class ColourCounts {
public:
    ColourCounts(const cv::Mat& picture, const cv::Mat& distance, double beyond)
        : counts_(std::size_t{32} * 32 * 32) {
        const int step = std::max(1, static_cast<int>(std::sqrt(double(picture.total()) / 1'000'000)));
        for (int y = 0; y < picture.rows; y += step) {
            for (int x = 0; x < picture.cols; x += step) {
                if (distance.at<float>(y, x) <= beyond) continue;
                ++counts_[index(rgb_at(picture, y, x))];
                ++total_;
            }
        }
    }
    /// Pixels in the bin of `colour` and those beside it.
    int around(const Rgb& colour) const {
        int sum = 0;
        for (int k = 0; k < 27; ++k) {
            const Rgb beside = colour + step_towards(k) * 8.0f;
            if (std::min({beside[0], beside[1], beside[2]}) < 0) continue;
            if (std::max({beside[0], beside[1], beside[2]}) >= 256) continue;
            sum += counts_[index(beside)];
        }
        return sum;
    }
    std::vector<std::size_t> fullest_bins(std::size_t at_most) const {
        std::vector<std::size_t> bins;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (counts_[i] > 0) bins.push_back(i);
        }
        std::stable_sort(bins.begin(), bins.end(), [&](auto a, auto b) { return counts_[a] > counts_[b]; });
        bins.resize(std::min(bins.size(), at_most));
        return bins;
    }
    static Rgb centre(std::size_t bin) {
        return Rgb(float(bin >> 10) * 8 + 4, float(bin >> 5 & 31) * 8 + 4, float(bin & 31) * 8 + 4);
    }
    int total() const { return total_; }

private:
    static std::size_t index(const Rgb& colour) {
        const auto part = [](float value) {
            return static_cast<std::size_t>(std::clamp(int(value), 0, 255)) / 8;
        };
        return part(colour[0]) << 10 | part(colour[1]) << 5 | part(colour[2]);
    }
    std::vector<int> counts_;
    int total_ = 0;
};

Rgb mean_around(const cv::Mat& picture, const Rgb& centre) {
    cv::Vec3d sum;
    double count = 0;
    const int step = std::max(1, static_cast<int>(std::sqrt(double(picture.total()) / 1'000'000)));
    for (int y = 0; y < picture.rows; y += step) {
        for (int x = 0; x < picture.cols; x += step) {
            const Rgb colour = rgb_at(picture, y, x);
            if (largest_difference(colour, centre) > 8) continue;
            sum += cv::Vec3d(colour[0], colour[1], colour[2]);
            count += 1;
        }
    }
    return count > 0 ? Rgb(float(sum[0] / count), float(sum[1] / count), float(sum[2] / count)) : centre;
}

// An ink is a colour that many pixels have while far fewer have its mixtures with the key: in a glow, every
// step of the way is as frequent as the next.
std::vector<Rgb> find_inks(const cv::Mat& picture, const cv::Mat& distance, const KeySettings& settings) {
    const ColourCounts counts(picture, distance, settings.tolerance + settings.softness);
    std::vector<Rgb> inks;
    for (const std::size_t bin : counts.fullest_bins(64)) {
        const Rgb colour = ColourCounts::centre(bin);
        const int count = counts.around(colour);
        if (count < 0.02 * counts.total() || inks.size() == inks_max) continue;
        const Rgb paler = colour + (settings.key - colour) * 0.2f;
        const bool distinct = largest_difference(paler, colour) < 17 || count >= 2.5 * counts.around(paler);
        const bool known = std::any_of(inks.begin(), inks.end(),
                                       [&](const Rgb& ink) { return largest_difference(ink, colour) < 20; });
        if (distinct && !known) inks.push_back(mean_around(picture, colour));
    }
    return inks;
}

cv::Mat solid_pixels(const cv::Mat& picture, const std::vector<Rgb>& inks) {
    cv::Mat solid(picture.size(), CV_8U, cv::Scalar(0));
    cv::parallel_for_(cv::Range(0, picture.rows), [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < picture.cols; ++x) {
                const Rgb colour = rgb_at(picture, y, x);
                for (const Rgb& ink : inks) {
                    if (largest_difference(colour, ink) <= ink_radius) solid.at<std::uint8_t>(y, x) = 255;
                }
            }
        }
    });
    return solid;
}

struct Share {
    float alpha;
    float off_line;  // distance of the pixel from the line between key and ink
};

Share share_of_ink(const Rgb& seen, const Rgb& key, const Rgb& ink) {
    const Rgb line = ink - key;
    const float share = (seen - key).dot(line) / std::max(line.dot(line), 1.0f);
    return {share, length(seen - key - line * share)};
}

bool fits(const Share& share) {
    return share.off_line <= ink_radius && share.alpha > 0 && share.alpha < 1.15f;
}

/// Everything that deciding one pixel needs.
struct Scene {
    const KeySettings& settings;
    std::vector<Rgb> inks;
    cv::Mat solid;
    cv::Mat beside_background;
    cv::Mat kept;  // enclosed key colour and its rim, opaque by wish
};

float choose_alpha(const Scene& scene, const NearestSolid& nearest, const Rgb& seen, int y, int x) {
    const Rgb& key = scene.settings.key;
    if (scene.kept.at<std::uint8_t>(y, x) != 0) return 1;
    if (largest_difference(seen, key) <= invisible) return 0;
    if (scene.solid.at<std::uint8_t>(y, x) != 0) return 1;
    const float least = least_alpha(seen, key);
    const bool solid_near = nearest.known(y, x);
    if (solid_near) {
        const cv::Vec3b& ink = nearest.colour(y, x);
        const Share share = share_of_ink(seen, key, Rgb(ink[0], ink[1], ink[2]));
        if (fits(share)) return std::clamp(share.alpha, least, 1.0f);
    }
    Share best{least, ink_radius};
    for (const Rgb& ink : scene.inks) {
        const Share share = share_of_ink(seen, key, ink);
        if (fits(share) && share.off_line < best.off_line) best = share;
    }
    if (best.off_line < ink_radius) return std::clamp(best.alpha, least, 1.0f);
    // Between two inks, away from the background: a mixture of inks is as solid as they are.
    if (solid_near && scene.beside_background.at<std::uint8_t>(y, x) == 0) return 1;
    return least;
}

cv::Mat grown(const cv::Mat& mask) {
    cv::Mat result;
    cv::dilate(mask, result, cv::getStructuringElement(cv::MORPH_RECT, {2 * near_px + 1, 2 * near_px + 1}));
    return result;
}

Scene look_at(const cv::Mat& picture, const cv::Mat& distance, const KeySettings& settings) {
    const cv::Mat near = distance <= settings.tolerance;
    const cv::Mat background = settings.remove_interior ? near.clone() : connected_to_frame(near);
    const cv::Mat enclosed = near & ~background;
    Scene scene{.settings = settings,
                .inks = find_inks(picture, distance, settings),
                .solid = {},
                .beside_background = grown(background),
                .kept = {}};
    scene.kept = grown(enclosed) & ~scene.beside_background;
    scene.kept |= enclosed;
    scene.solid = solid_pixels(picture, scene.inks);
    return scene;
}

}  // namespace

cv::Mat unmix_key_colour(const cv::Mat& picture, const cv::Mat& distance, const KeySettings& settings) {
    const Scene scene = look_at(picture, distance, settings);
    const NearestSolid nearest(picture, scene.solid, solid_reach);
    const int full = full_alpha(picture);
    cv::Mat result(picture.size(), CV_MAKETYPE(picture.depth(), 4));
    cv::parallel_for_(cv::Range(0, picture.rows), [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < picture.cols; ++x) {
                const Rgb seen = rgb_at(picture, y, x);
                const int alpha = alpha_levels(choose_alpha(scene, nearest, seen, y, x), full);
                const float share = static_cast<float>(alpha) / static_cast<float>(full);
                const bool mixed = alpha > 0 && alpha < full;
                set_pixel(result, y, x, mixed ? colour_before_key(seen, settings.key, share) : seen, alpha);
            }
        }
    });
    bleed_colours(result);
    return result;
}

}  // namespace darkroom::imaging
