#include "tools/shots/product_shot.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "tools/shots/camera.h"

namespace darkroom::shots {
namespace {

cv::Vec3f polar(cv::Vec3f lab, double lightness, double chroma, double angle) {
    return {lab[0] + static_cast<float>(lightness), lab[1] + static_cast<float>(chroma * std::cos(angle)),
            lab[2] + static_cast<float>(chroma * std::sin(angle))};
}

float distance(cv::Vec3f a, cv::Vec3f b) { return static_cast<float>(cv::norm(to_lab(a) - to_lab(b))); }

using Swatches = std::vector<cv::Vec3f>;

/// What such things are sold in, as CIE Lab.
const Swatches& swatches(Shape shape) {
    static const Swatches goods = {{28, 2, -28},  {52, 36, 30}, {36, -18, 12},  {72, 12, 58}, {88, 1, 12},
                                   {25, 0, -2},   {66, 22, 8},  {44, -22, -10}, {30, 36, 14}, {68, -8, -22},
                                   {66, -12, 12}, {58, 12, 28}, {94, 0, 1},     {64, 40, 28}, {50, 8, -34}};
    static const Swatches furs = {{62, 18, 40}, {42, 16, 24}, {84, 3, 16}, {58, 0, 2}, {74, 18, 10}};
    static const Swatches woods = {{64, 14, 32}, {34, 14, 18},   {78, 8, 24},
                                   {90, 0, 4},   {44, -20, -12}, {26, 1, 0}};
    static const Swatches metals = {{72, 8, 42}, {78, 0, -2}, {70, 18, 22}};
    switch (shape) {
        case Shape::plush:
            return furs;
        case Shape::chair:
            return woods;
        case Shape::ring:
            return metals;
        default:
            return goods;
    }
}

/// A swatch, a little varied, at least `apart` delta-E from the backdrop and from `other`. Where the swatches
/// are all too near to it, any colour that is not.
cv::Vec3f clear_colour(const Swatches& swatches, cv::Vec3f backdrop, cv::Vec3f other, Random& random,
                       float apart = 30) {
    cv::Vec3f chosen;
    for (int attempt = 0; attempt < 80; ++attempt) {
        chosen =
            attempt < 40
                ? swatches[static_cast<std::size_t>(random.whole(0, static_cast<int>(swatches.size()) - 1))]
                : cv::Vec3f(static_cast<float>(random.between(15, 92)), 0, 0);
        chosen = from_lab(polar(chosen, random.between(-5, 5), random.between(0, attempt < 40 ? 6 : 40),
                                random.between(0, 2 * CV_PI)));
        if (distance(chosen, backdrop) >= apart && distance(chosen, other) >= apart - 8) break;
    }
    return chosen;
}

/// A colour 12 to 20 delta-E from the backdrop: what makes people take another backdrop.
cv::Vec3f close_colour(cv::Vec3f backdrop, Random& random) {
    const cv::Vec3f lab = to_lab(backdrop);
    const double apart = random.between(12, 20);
    const double lightness = random.between(0.25, 0.8) * apart * (lab[0] > 55 ? -1 : 1);
    const double chroma = std::sqrt(apart * apart - lightness * lightness);
    return from_lab(polar(lab, lightness, chroma, random.between(0, 2 * CV_PI)));
}

Palette choose_palette(const ShotPlan& plan, cv::Vec3f backdrop, Random& random) {
    const Swatches& goods = swatches(Shape::bottle);
    Palette palette;
    if (plan.near_colour) {
        palette.main = close_colour(backdrop, random);
        palette.second = close_colour(backdrop, random);
    } else {
        palette.main = clear_colour(swatches(plan.shape), backdrop, {}, random);
        palette.second = clear_colour(goods, backdrop, palette.main, random);
        if (plan.shape == Shape::plant) {
            const Swatches greens = {{44, -30, 32}, {34, -22, 22}, {56, -34, 40}, {22, -16, 14}};
            palette.second = clear_colour(greens, backdrop, {}, random, 22);
        }
    }
    palette.detail = clear_colour(goods, backdrop, palette.second, random);
    return palette;
}

void draw_object(Painter& painter, Shape shape, const Palette& palette, Random& random) {
    using Draw = void (*)(Painter&, const Palette&, Random&);
    static constexpr Draw draws[shape_count] = {draw_bottle, draw_mug,   draw_blob,    draw_ring,  draw_box,
                                                draw_plant,  draw_plush, draw_glasses, draw_chair, draw_bag};
    draws[static_cast<int>(shape)](painter, palette, random);
}

Pose choose_pose(const ShotPlan& plan, bool lying, Random& random) {
    const double reach = std::min(plan.size.width, plan.size.height);
    Pose pose;
    pose.unit = reach * random.between(0.31, 0.40);
    pose.centre = {plan.size.width * random.between(0.45, 0.53),
                   plan.size.height * random.between(0.47, 0.52)};
    pose.turn = lying ? random.between(-0.5, 0.5) : 0;
    return pose;
}

/// Object colour times alpha, in sRGB; the colour between covered pixels and none is the covered one's.
cv::Mat encoded(const Painter& painter) {
    cv::Mat colour = painter.premultiplied().clone();
    const cv::Mat& alpha = painter.coverage();
    for (int y = 0; y < colour.rows; ++y) {
        for (int x = 0; x < colour.cols; ++x) {
            const float a = alpha.at<float>(y, x);
            if (a > 0) colour.at<cv::Vec3f>(y, x) /= a;
        }
    }
    encode_srgb(colour);
    for (int y = 0; y < colour.rows; ++y) {
        for (int x = 0; x < colour.cols; ++x) colour.at<cv::Vec3f>(y, x) *= alpha.at<float>(y, x);
    }
    return colour;
}

void darken(cv::Mat& backdrop, const cv::Mat& shadow) {
    for (int y = 0; y < backdrop.rows; ++y) {
        for (int x = 0; x < backdrop.cols; ++x) backdrop.at<cv::Vec3f>(y, x) *= 1 - shadow.at<float>(y, x);
    }
}

}  // namespace

std::string_view name_of(Shape shape) {
    static constexpr std::string_view names[] = {"bottle", "mug",   "stone",   "ring",  "tea-box",
                                                 "plant",  "teddy", "glasses", "chair", "shoulder-bag"};
    return names[static_cast<int>(shape)];
}

ProductShot draw_product_shot(const ShotPlan& plan) {
    Random random(plan.seed);
    ProductShot shot{.plan = plan, .picture = {}, .alpha = {}, .foreground = {}, .shadow = {}};
    cv::Mat scene = draw_backdrop(plan.backdrop, plan.size, random);
    const cv::Scalar mean = cv::mean(scene);
    const cv::Vec3f backdrop(static_cast<float>(mean[0]), static_cast<float>(mean[1]),
                             static_cast<float>(mean[2]));

    const bool lying = plan.shape == Shape::ring || plan.shape == Shape::glasses;
    const Pose pose = choose_pose(plan, lying, random);
    Painter painter(plan.size, pose);
    const Palette palette = choose_palette(plan, backdrop, random);
    draw_object(painter, plan.shape, palette, random);

    shot.shadow = draw_shadow(painter.coverage(),
                              {.base_y = painter.place({0, 1}).y,
                               .unit = pose.unit,
                               .lying = lying,
                               .strength = random.between(0.35, 0.6)},
                              random);
    darken(scene, shot.shadow);
    encode_srgb(scene);

    const double scale = std::max(plan.size.width, plan.size.height) / 1024.0;
    CameraSettings camera{.lens_sigma = random.between(0.6, 1.0) * scale};
    camera.noise_sigma = plan.backdrop == Backdrop::beige ? random.between(5, 7) : random.between(2.5, 4.5);
    cv::Mat foreground = encoded(painter);
    cv::GaussianBlur(foreground, foreground, {}, camera.lens_sigma);
    cv::GaussianBlur(scene, scene, {}, camera.lens_sigma);
    cv::GaussianBlur(painter.coverage(), shot.alpha, {}, camera.lens_sigma);
    for (int y = 0; y < scene.rows; ++y) {
        for (int x = 0; x < scene.cols; ++x) {
            cv::Vec3f& pixel = scene.at<cv::Vec3f>(y, x);
            pixel = foreground.at<cv::Vec3f>(y, x) + pixel * (1 - shot.alpha.at<float>(y, x));
        }
    }
    shot.picture = photograph(scene, camera, random);
    shot.foreground = foreground * 255;
    return shot;
}

ShotPlan matte_plan(int index, std::uint64_t first_seed, int long_side) {
    static constexpr double ratios[] = {1, 0.75, 0.8};
    const int other = cvRound(long_side * ratios[index % 3]);
    const bool upright = (index / 3) % 2 == 0;
    return {.shape = static_cast<Shape>(index % shape_count),
            .backdrop = static_cast<Backdrop>(index / shape_count % backdrop_count),
            .near_colour = index / (shape_count * backdrop_count) % 2 == 1,
            .size = upright ? cv::Size(other, long_side) : cv::Size(long_side, other),
            .seed = first_seed + static_cast<std::uint64_t>(index)};
}

}  // namespace darkroom::shots
