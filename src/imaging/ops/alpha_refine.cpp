#include "imaging/ops/alpha_refine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/guided_filter.h"

namespace darkroom::imaging {
namespace {

constexpr float core_weight = 1.0F;
// Colours inside the band count only where there are no certain ones (thin stems).
constexpr float band_weight = 0.1F;
// Distance of the two colours, of 0..1: below the one they cannot be told apart, above the other fully.
constexpr float contrast_min = 0.03F;
constexpr float contrast_full = 0.5F;
// Distance from the line between the colours at which a pixel is not believed to lie on it.
constexpr float residual_scale = 0.03F;
// Measured on 35 tuning shots with the wider band: halo 9.2 levels with 0.9 and 0.1, 7.3 with these.
constexpr float settled_high = 0.6F;
constexpr float settled_low = 0.4F;
constexpr int looks = 2;  // after the first; a third changes less than two percent
constexpr float fallback_epsilon = 1e-5F;
constexpr float smoothing_epsilon = 1e-4F;
constexpr double smoothing_share = 0.8;
// At both ends: noise must not leave 2 % veils and 98 % holes.
constexpr float stretch = 0.1F;

/// Weighted colours and weights: box filtering both and dividing gives a local mean.
cv::Mat weighted(const cv::Mat& guide, const Trimap& trimap, bool subject) {
    cv::Mat out(guide.size(), CV_32FC4);
    for (int y = 0; y < guide.rows; ++y) {
        for (int x = 0; x < guide.cols; ++x) {
            const bool in_mask = trimap.mask.at<uchar>(y, x) != 0;
            const bool certain = trimap.labels.at<uchar>(y, x) != Trimap::unknown;
            const float weight = in_mask != subject ? 0 : certain ? core_weight : band_weight;
            const cv::Vec3f colour = guide.at<cv::Vec3f>(y, x) * weight;
            out.at<cv::Vec4f>(y, x) = {colour[0], colour[1], colour[2], weight};
        }
    }
    return out;
}

struct LocalColours {
    cv::Mat subject;  // CV_32FC4, colour times weight and weight
    cv::Mat background;
};

struct Estimate {
    float alpha = 0;
    float trust = 0;
};

Estimate estimate(cv::Vec3f pixel, cv::Vec4f subject_sum, cv::Vec4f background_sum) {
    if (subject_sum[3] <= 1e-6F || background_sum[3] <= 1e-6F) return {};
    const cv::Vec3f subject = cv::Vec3f(subject_sum[0], subject_sum[1], subject_sum[2]) / subject_sum[3];
    const cv::Vec3f background =
        cv::Vec3f(background_sum[0], background_sum[1], background_sum[2]) / background_sum[3];
    const cv::Vec3f across = subject - background;
    const float squared = across.dot(across);
    const float length = std::sqrt(squared);
    const float contrast = std::clamp((length - contrast_min) / (contrast_full - contrast_min), 0.0F, 1.0F);
    if (contrast == 0) return {};
    Estimate result;
    result.alpha = std::clamp((pixel - background).dot(across) / squared, 0.0F, 1.0F);
    const cv::Vec3f off = pixel - background - across * result.alpha;
    result.trust = contrast * std::exp(-std::sqrt(off.dot(off)) / residual_scale);
    return result;
}

/// Every radius votes with its trust; the rest of the vote goes to the mask as the guided filter bends it.
cv::Mat mix_estimates(const cv::Mat& guide, const Trimap& trimap, const std::array<LocalColours, 3>& colours,
                      const cv::Mat& fallback) {
    cv::Mat alpha(guide.size(), CV_32F);
    cv::parallel_for_({0, guide.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < guide.cols; ++x) {
                const uchar label = trimap.labels.at<uchar>(y, x);
                float& out = alpha.at<float>(y, x);
                out = label == Trimap::subject ? 1.0F : 0.0F;
                if (label != Trimap::unknown) continue;
                float sum = 0;
                float votes = 0;
                float best = 0;
                for (const LocalColours& local : colours) {
                    const Estimate e = estimate(guide.at<cv::Vec3f>(y, x), local.subject.at<cv::Vec4f>(y, x),
                                                local.background.at<cv::Vec4f>(y, x));
                    sum += e.alpha * e.trust;
                    votes += e.trust;
                    best = std::max(best, e.trust);
                }
                const float bent = std::clamp(fallback.at<float>(y, x), 0.0F, 1.0F);
                out = votes > 0 ? best * sum / votes + (1 - best) * bent : bent;
            }
        }
    });
    return alpha;
}

void settle(cv::Mat& alpha, const Trimap& trimap) {
    for (int y = 0; y < alpha.rows; ++y) {
        for (int x = 0; x < alpha.cols; ++x) {
            float& value = alpha.at<float>(y, x);
            const uchar label = trimap.labels.at<uchar>(y, x);
            value = label == Trimap::subject ? 1
                    : label == Trimap::background
                        ? 0
                        : std::clamp((value - stretch) / (1 - 2 * stretch), 0.0F, 1.0F);
        }
    }
}

/// The colours on both sides of the outline, as means over windows of three sizes.
std::array<LocalColours, 3> local_colours(const cv::Mat& guide, const Trimap& trimap) {
    const cv::Mat subject = weighted(guide, trimap, true);
    const cv::Mat background = weighted(guide, trimap, false);
    std::array<LocalColours, 3> colours;
    int reach = std::max(4, 3 * trimap.band_px / 2);
    for (LocalColours& local : colours) {
        const cv::Size window(2 * reach + 1, 2 * reach + 1);
        cv::boxFilter(subject, local.subject, -1, window);
        cv::boxFilter(background, local.background, -1, window);
        reach *= 3;
    }
    return colours;
}

/// Another look with what the one before has settled: certain pixels now lie right beside the outline, so the
/// colours compared are those at the rim itself, which is darker or shinier than the middle of an object.
Trimap narrowed(const Trimap& trimap, const cv::Mat& alpha) {
    Trimap narrow;
    narrow.band_px = std::max(1, trimap.band_px / 2);
    narrow.mask = alpha > 0.5F;
    cv::Mat low;
    cv::Mat high;
    cv::erode(alpha, low, cv::Mat::ones(3, 3, CV_8U), {-1, -1}, 1, cv::BORDER_REPLICATE);
    cv::dilate(alpha, high, cv::Mat::ones(3, 3, CV_8U), {-1, -1}, 1, cv::BORDER_REPLICATE);
    narrow.labels = cv::Mat(alpha.size(), CV_8U, cv::Scalar(Trimap::unknown));
    narrow.labels.setTo(Trimap::subject, low > settled_high);
    narrow.labels.setTo(Trimap::background, high < settled_low);
    return narrow;
}

RefinedAlpha refine_window(const cv::Mat& guide, const Trimap& trimap) {
    cv::Mat hard;
    trimap.mask.convertTo(hard, CV_32F, 1.0 / 255);
    const cv::Mat fallback = apply_guided(guide, fit_guided(guide, hard, trimap.band_px, fallback_epsilon));
    RefinedAlpha refined;
    refined.alpha = mix_estimates(guide, trimap, local_colours(guide, trimap), fallback);
    for (int look = 0; look < looks; ++look) {
        const Trimap narrow = narrowed(trimap, refined.alpha);
        refined.alpha = mix_estimates(guide, narrow, local_colours(guide, narrow), refined.alpha);
    }
    refined.coefficients =
        fit_guided(guide, refined.alpha, std::max(2, trimap.band_px / 2), smoothing_epsilon);
    refined.alpha =
        refined.alpha * (1 - smoothing_share) + apply_guided(guide, refined.coefficients) * smoothing_share;
    settle(refined.alpha, trimap);
    return refined;
}

/// Everything that is not certainly background, with as much background around it as its colours are taken
/// from.
cv::Rect busy_window(const Trimap& trimap) {
    const int room = 16 * trimap.band_px;
    cv::Rect box = cv::boundingRect(trimap.labels != Trimap::background);
    box = (box + cv::Size(2 * room, 2 * room)) - cv::Point(room, room);
    return box & cv::Rect({}, trimap.labels.size());
}

}  // namespace

RefinedAlpha refine_alpha(const cv::Mat& guide, const Trimap& trimap) {
    const cv::Rect window = busy_window(trimap);
    RefinedAlpha whole;
    whole.alpha = cv::Mat::zeros(guide.size(), CV_32F);
    whole.coefficients = cv::Mat::zeros(guide.size(), CV_32FC4);
    if (window.empty()) return whole;
    const RefinedAlpha part =
        refine_window(guide(window), {trimap.labels(window), trimap.mask(window), trimap.band_px});
    part.alpha.copyTo(whole.alpha(window));
    part.coefficients.copyTo(whole.coefficients(window));
    return whole;
}

RefinedAlpha settled_alpha(const cv::Mat& guide, const Trimap& trimap, const cv::Mat& alpha) {
    RefinedAlpha refined;
    refined.alpha = alpha.clone();
    settle(refined.alpha, trimap);
    refined.coefficients =
        fit_guided(guide, refined.alpha, std::max(2, trimap.band_px / 2), smoothing_epsilon);
    return refined;
}

}  // namespace darkroom::imaging
