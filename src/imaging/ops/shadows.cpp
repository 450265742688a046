#include "imaging/ops/shadows.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::imaging {
namespace {

constexpr double kept_shadow_max = 0.85;
constexpr double contact_share = 0.06;  // of the subject's height, at its foot
constexpr double contact_flattening = 0.25;
constexpr double ground_overlap = 0.04;
constexpr double shear_max = 1.6;  // of a soft shadow: further away it is too faint to matter
constexpr int penumbra_bands = 3;
constexpr double continuation_sigma = 4;  // px at 512
constexpr float noise_floor = 0.04F;      // darkening below it is noise and grain, not shadow

cv::Mat blurred(const cv::Mat& shadow, double sigma) {
    if (sigma < 0.3) return shadow.clone();
    cv::Mat out;
    cv::GaussianBlur(shadow, out, {}, sigma, sigma, cv::BORDER_CONSTANT);
    return out;
}

cv::Mat drop_shadow(const cv::Mat& alpha, const ShadowParams& params, double long_side) {
    cv::Mat moved;
    const cv::Matx23d shift(1, 0, params.offset.x * long_side, 0, 1, params.offset.y * long_side);
    cv::warpAffine(alpha, moved, shift, alpha.size());
    return blurred(moved, params.blur * long_side);
}

cv::Mat contact_shadow(const cv::Mat& alpha, cv::Rect box, const ShadowParams& params, double long_side) {
    cv::Mat foot = cv::Mat::zeros(alpha.size(), CV_32F);
    const int rows = std::max(1, cvRound(contact_share * box.height));
    const int first = std::max(box.y, box.br().y - rows);
    alpha.rowRange(first, box.br().y).copyTo(foot.rowRange(first, box.br().y));
    const double ground = box.br().y;
    cv::Mat pressed;
    const cv::Matx23d flatten(1, 0, 0, 0, contact_flattening, ground * (1 - contact_flattening));
    cv::warpAffine(foot, pressed, flatten, alpha.size());
    const double sigma = std::max(0.5, 0.6 * params.blur * long_side);
    cv::Mat close = blurred(pressed, sigma);
    // A thin line loses its darkness when blurred; it is the touch that should be darkest.
    double peak = 0;
    cv::minMaxLoc(close, nullptr, &peak);
    if (peak > 0) close /= peak;
    cv::Mat ambient = blurred(close, 2 * std::max(1.0, params.blur * long_side));
    cv::minMaxLoc(ambient, nullptr, &peak);
    if (peak > 0) ambient /= peak;
    return cv::max(close, 0.4 * ambient);
}

/// The alpha laid on the ground away from the light, softer the further it is from the foot.
cv::Mat soft_shadow(const cv::Mat& alpha, cv::Rect box, const ShadowParams& params, double long_side) {
    // Round feet leave the ground before the lowest row: the shadow begins a little above it, hidden by the
    // subject.
    const double ground = box.br().y - ground_overlap * box.height;
    const double height = std::max(0.15, params.light.z);
    const double shear = std::clamp(-params.light.x / height, -shear_max, shear_max);
    // A light behind the subject (y < 0) throws the shadow towards the viewer, one before it throws it back.
    const double depth = std::clamp(-params.light.y / height, -1.0, 1.0) * 0.35;
    const double lay = std::abs(depth) < 0.08 ? (depth < 0 ? -0.08 : 0.08) : depth;
    const cv::Matx23d onto_ground(1, -shear * std::abs(lay) * 2, shear * std::abs(lay) * 2 * ground, 0, -lay,
                                  ground * (1 + lay));
    cv::Mat laid;
    cv::warpAffine(alpha, laid, onto_ground, alpha.size());
    const double sigma = std::max(0.5, params.blur * long_side);
    const double growth = 1 + 6 * params.light_size;
    cv::Mat bands[penumbra_bands];
    for (int band = 0; band < penumbra_bands; ++band) {
        bands[band] =
            blurred(laid, sigma * std::pow(growth, static_cast<double>(band) / (penumbra_bands - 1)));
    }
    cv::Mat out(alpha.size(), CV_32F);
    const double length = std::max(1.0, std::abs(lay) * box.height);
    for (int y = 0; y < out.rows; ++y) {
        const double at = std::clamp(std::abs(y - ground) / length, 0.0, 1.0) * (penumbra_bands - 1);
        const int band = std::min(penumbra_bands - 2, static_cast<int>(at));
        const auto mix = static_cast<float>(at - band);
        const auto fade = static_cast<float>(1 - 0.45 * at / (penumbra_bands - 1));
        for (int x = 0; x < out.cols; ++x) {
            out.at<float>(y, x) =
                fade * (bands[band].at<float>(y, x) * (1 - mix) + bands[band + 1].at<float>(y, x) * mix);
        }
    }
    return out;
}

}  // namespace

double shadow_reach(const ShadowParams& params) {
    const double soft_edge = 3 * params.blur;
    switch (params.mode) {
        case ShadowMode::drop:
            return std::max(std::abs(params.offset.x), std::abs(params.offset.y)) + soft_edge;
        case ShadowMode::contact:
            return 3 * soft_edge;
        case ShadowMode::soft:
            return 0.8 + soft_edge * (1 + 6 * params.light_size);
        case ShadowMode::none:
        case ShadowMode::keep:
            break;
    }
    return 0;
}

cv::Mat make_shadow(const cv::Mat& alpha, const ShadowParams& params, double long_side) {
    const cv::Rect box = cv::boundingRect(alpha > 0.5F);
    cv::Mat shadow = cv::Mat::zeros(alpha.size(), CV_32F);
    if (box.empty()) return shadow;
    if (params.mode == ShadowMode::drop) shadow = drop_shadow(alpha, params, long_side);
    if (params.mode == ShadowMode::contact) shadow = contact_shadow(alpha, box, params, long_side);
    if (params.mode == ShadowMode::soft) {
        // With the touch under it, or the subject would float.
        shadow = cv::max(soft_shadow(alpha, box, params, long_side),
                         contact_shadow(alpha, box, params, long_side));
    }
    cv::min(shadow * params.opacity, 1.0, shadow);
    return shadow;
}

cv::Mat keep_shadow(const cv::Mat& picture, const cv::Mat& ground, const cv::Mat& shadowed,
                    const cv::Mat& mask) {
    cv::Mat shadow(picture.size(), CV_32F);
    for (int y = 0; y < shadow.rows; ++y) {
        for (int x = 0; x < shadow.cols; ++x) {
            const cv::Vec3f& pixel = picture.at<cv::Vec3f>(y, x);
            const cv::Vec3f& light = ground.at<cv::Vec3f>(y, x);
            const float sum = std::max(0.01F, light[0] + light[1] + light[2]);
            const float taken = 1 - (pixel[0] + pixel[1] + pixel[2]) / sum;
            const bool counts = shadowed.at<uchar>(y, x) != 0 && taken > noise_floor;
            shadow.at<float>(y, x) = counts ? std::min(taken, static_cast<float>(kept_shadow_max)) : 0;
        }
    }
    // Next to the subject pixels are mixed with it and say nothing: the shadow beside them is continued
    // inwards.
    cv::Mat known;
    cv::dilate(mask, known, cv::Mat::ones(5, 5, CV_8U));
    cv::Mat weight;
    cv::Mat(known == 0).convertTo(weight, CV_32F, 1.0 / 255);
    shadow = shadow.mul(weight);
    cv::Mat near_shadow = blurred(shadow, continuation_sigma);
    const cv::Mat near_weight = blurred(weight, continuation_sigma);
    cv::divide(near_shadow, cv::max(near_weight, 1e-3), near_shadow);
    near_shadow.copyTo(shadow, known);
    return blurred(shadow, 1.0);
}

}  // namespace darkroom::imaging
