#include "tools/shots/backdrop.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/shots/shading.h"

namespace darkroom::shots {
namespace {

/// A sheet of paper lit from one side: `near` at the bottom fading into `far` at the top, brightest at
/// `spot`.
cv::Mat sweep(cv::Size size, cv::Vec3f near, cv::Vec3f far, cv::Point2f spot, float falloff) {
    cv::Mat picture(size, CV_32FC3);
    for (int y = 0; y < size.height; ++y) {
        const float v = static_cast<float>(y) / static_cast<float>(size.height);
        const float t = 1 / (1 + std::exp((v - 0.62F) * 9));  // the bend of the paper, soft
        for (int x = 0; x < size.width; ++x) {
            const float u = static_cast<float>(x) / static_cast<float>(size.width);
            const float distance = (u - spot.x) * (u - spot.x) + (v - spot.y) * (v - spot.y);
            picture.at<cv::Vec3f>(y, x) = (near * (1 - t) + far * t) * (1 - falloff * distance);
        }
    }
    return picture;
}

void modulate(cv::Mat& picture, const cv::Mat& noise, float amount) {
    for (int y = 0; y < picture.rows; ++y) {
        for (int x = 0; x < picture.cols; ++x) {
            picture.at<cv::Vec3f>(y, x) *= std::max(0.05F, 1 + amount * noise.at<float>(y, x));
        }
    }
}

cv::Vec3f pastel(Random& random) {
    return from_lab({static_cast<float>(random.between(55, 82)), static_cast<float>(random.between(-26, 30)),
                     static_cast<float>(random.between(-32, 34))});
}

cv::Mat felt(cv::Size size, Random& random) {
    const cv::Vec3f base =
        from_lab({static_cast<float>(random.between(38, 66)), static_cast<float>(random.between(-18, 18)),
                  static_cast<float>(random.between(-22, 18))});
    cv::Mat picture = sweep(size, base, base * 0.92F, {0.35F, 0.3F}, 0.35F);
    modulate(picture, smooth_noise(size, 0.09 * size.width, 6, random), 0.26F);
    modulate(picture, smooth_noise(size, 3, 2, random), 0.10F);
    return picture;
}

cv::Mat wood(cv::Size size, Random& random) {
    const cv::Vec3f base =
        from_lab({static_cast<float>(random.between(50, 68)), static_cast<float>(random.between(7, 14)),
                  static_cast<float>(random.between(18, 30))});
    cv::Mat picture = sweep(size, base, base * 0.95F, {0.35F, 0.35F}, 0.3F);
    const cv::Mat fibre = stretched_noise(size, size.height * 0.012, 22, 4, random);
    const cv::Mat bend = stretched_noise(size, size.height * 0.12, 6, 2, random);
    const int planks = random.whole(4, 6);
    float tones[8];
    for (float& tone : tones) tone = static_cast<float>(random.between(0.86, 1.12));
    for (int y = 0; y < size.height; ++y) {
        const double across = static_cast<double>(y) * planks / size.height;
        const double gap =
            std::min(across - std::floor(across), std::ceil(across) - across) * size.height / planks;
        const auto groove =
            static_cast<float>(y > 2 ? std::clamp(gap / (0.003 * size.height), 0.25, 1.0) : 1.0);
        for (int x = 0; x < size.width; ++x) {
            const double rings =
                across * 7 + 4.0 * bend.at<float>(y, x) + 9 * tones[static_cast<int>(across) % 8];
            const auto grain_line = static_cast<float>(0.5 + 0.5 * std::sin(rings * 2 * CV_PI));
            picture.at<cv::Vec3f>(y, x) *= tones[static_cast<int>(across) % 8] * groove *
                                           (0.90F + 0.12F * grain_line + 0.14F * fibre.at<float>(y, x));
        }
    }
    return picture;
}

}  // namespace

std::string_view name_of(Backdrop backdrop) {
    static constexpr std::string_view names[] = {"white", "grey_sweep", "colour_sweep",
                                                 "felt",  "wood",       "beige"};
    return names[static_cast<int>(backdrop)];
}

cv::Mat draw_backdrop(Backdrop backdrop, cv::Size size, Random& random) {
    switch (backdrop) {
        case Backdrop::white: {
            const auto level = static_cast<float>(random.between(0.82, 0.95));
            return sweep(size, cv::Vec3f(1, 1, 0.99F) * level, cv::Vec3f(1, 1, 1) * (level + 0.02F),
                         {0.4F, 0.4F}, 0.10F);
        }
        case Backdrop::grey_sweep: {
            const auto level = static_cast<float>(random.between(0.30, 0.5));
            return sweep(size, cv::Vec3f(1, 1, 1.02F) * level, cv::Vec3f(1, 1, 1.03F) * (level * 0.6F),
                         {0.45F, 0.4F}, 0.55F);
        }
        case Backdrop::colour_sweep: {
            const cv::Vec3f near = pastel(random);
            return sweep(size, near, near * 0.72F, {0.4F, 0.45F}, 0.75F);
        }
        case Backdrop::felt:
            return felt(size, random);
        case Backdrop::wood:
            return wood(size, random);
        case Backdrop::beige:
            break;
    }
    const cv::Vec3f base =
        from_lab({static_cast<float>(random.between(72, 84)), static_cast<float>(random.between(1, 5)),
                  static_cast<float>(random.between(9, 17))});
    cv::Mat picture = sweep(size, base, base * 0.93F, {0.4F, 0.4F}, 0.3F);
    modulate(picture, smooth_noise(size, 0.2 * size.width, 3, random), 0.05F);
    return picture;
}

cv::Mat draw_shadow(const cv::Mat& coverage, const ShadowPlan& plan, Random& random) {
    const cv::Size size = coverage.size();
    const double side = random.between(0.25, 0.5);  // the key light stands left
    cv::Mat cast;
    if (plan.lying) {
        const cv::Matx23d shift(1, 0, plan.unit * 0.05, 0, 1, plan.unit * 0.07);
        cv::warpAffine(coverage, cast, shift, size);
        cv::GaussianBlur(cast, cast, {}, plan.unit * 0.035);
        return cast * plan.strength;
    }
    // Laid down: a point `h` above the ground throws its shadow to the right and back.
    const double flat = random.between(0.16, 0.28);
    const cv::Matx23d lay(1, -side, side * plan.base_y, 0, flat, plan.base_y * (1 - flat));
    cv::warpAffine(coverage, cast, lay, size);
    cv::Mat soft;
    cv::GaussianBlur(cast, soft, {}, plan.unit * random.between(0.06, 0.10));
    cv::GaussianBlur(cast, cast, {}, plan.unit * 0.03);
    // Where it touches: the lowest part flattened to a dark line.
    const int foot = std::max(2, cvRound(plan.unit * 0.14));
    cv::Mat contact = coverage.clone();
    const int first = std::clamp(cvRound(plan.base_y) - foot, 0, size.height);
    contact.rowRange(0, first).setTo(0);
    const cv::Matx23d press(1, 0, plan.unit * 0.015, 0, 0.3, plan.base_y * 0.7 + plan.unit * 0.012);
    cv::warpAffine(contact, contact, press, size);
    cv::GaussianBlur(contact, contact, {}, plan.unit * 0.03, plan.unit * 0.018);
    cv::Mat all = 0.55 * soft + 0.25 * cast;
    cv::max(all, 0.0, all);
    all = all * plan.strength + contact * std::min(0.75, plan.strength * 1.3);
    cv::min(all, 0.85, all);
    return all;
}

}  // namespace darkroom::shots
