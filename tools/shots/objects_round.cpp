// What is turned on a wheel or polished: bottle, mug, stone, ring.
#include <algorithm>
#include <cmath>

#include "tools/shots/objects.h"

namespace darkroom::shots {
namespace {

Points box_at(cv::Rect2d box) { return {box.tl(), {box.br().x, box.y}, box.br(), {box.x, box.br().y}}; }

}  // namespace

void draw_bottle(Painter& painter, const Palette& palette, Random& random) {
    const double neck = random.between(0.10, 0.14);
    const double half = random.between(0.32, 0.42);
    const double shoulder = random.between(-0.42, -0.25);
    const Points body = smooth({{neck, -0.80},
                                {neck, -0.62},
                                {neck * 1.25, -0.52},
                                {half * 0.86, shoulder - 0.02},
                                {half, shoulder + 0.14},
                                {half, 0.3},
                                {half, 0.90},
                                {half * 0.94, 0.985},
                                {half * 0.8, 1.0}},
                               false);
    cv::Mat cap = painter.nothing();
    painter.fill(cap, box_at({-neck * 1.25, -1.0, neck * 2.5, 0.24}));

    cv::Mat map = painter.plain_map(palette.main);
    cv::Mat label = painter.nothing();
    painter.fill(label, box_at({-half - 0.05, 0.02, 2 * half + 0.1, 0.62}));
    painter.print_shape(map, label, palette.second);
    cv::Mat stripe = painter.nothing();
    painter.fill(stripe, box_at({-half - 0.05, 0.06, 2 * half + 0.1, 0.025}));
    painter.fill(stripe, box_at({-half - 0.05, 0.565, 2 * half + 0.1, 0.025}));
    painter.print_shape(map, stripe, palette.detail);
    static constexpr const char* names[] = {"NORD", "ALMA", "VITA", "KIMI", "OLIO"};
    painter.print(map, names[random.whole(0, 4)], {0, 0.25}, 0.13, legible_on(palette.second));
    painter.print(map, "500 ml", {0, 0.45}, 0.05, legible_on(palette.second));

    cv::Mat shape = painter.nothing();
    painter.fill(shape, mirrored(body));
    Material glazed{.colour_map = map, .relief = {}, .gloss = 0.9F, .sharpness = 0.75F};
    painter.add_turned(shape, glazed);
    painter.add_turned(
        cap, {.colour = palette.detail, .colour_map = {}, .relief = {}, .gloss = 0.5F, .sharpness = 0.4F});
}

void draw_mug(Painter& painter, const Palette& palette, Random& random) {
    const double half = random.between(0.52, 0.6);
    const double tilt = random.between(0.12, 0.17);
    const double side = random.chance(0.5) ? 1 : -1;
    cv::Mat handle = painter.nothing();
    const Points grip = smooth({{side * half * 0.9, -0.42},
                                {side * (half + 0.22), -0.46},
                                {side * (half + 0.37), -0.18},
                                {side * (half + 0.30), 0.22},
                                {side * (half + 0.10), 0.46},
                                {side * half * 0.85, 0.52}},
                               false);
    painter.rope(handle, grip, 0.15, 0.13);
    const Material glaze{
        .colour = palette.main, .colour_map = {}, .relief = {}, .gloss = 0.8F, .sharpness = 0.65F};
    painter.add(handle, 1, glaze);

    Points body = arc({0, 0.86}, {half * 0.94, tilt * 0.9}, 0, 180);
    body.emplace_back(-half, -0.75);
    body.emplace_back(half, -0.75);
    cv::Mat shape = painter.nothing();
    painter.fill(shape, body);
    painter.ellipse(shape, {0, -0.75}, {half, tilt});
    cv::Mat map = painter.plain_map(palette.main);
    cv::Mat band = painter.nothing();
    for (int i = 0; i < 3; ++i) {
        Points wave = arc({0, 0.1 + 0.13 * i}, {half * 1.05, tilt}, 0, 180);
        painter.rope(band, wave, 0.05, 0.05);
    }
    painter.print_shape(map, band, palette.second);
    painter.add_turned(shape, {.colour_map = map, .relief = {}, .gloss = 0.8F, .sharpness = 0.65F});

    cv::Mat rim = painter.nothing();
    painter.ellipse(rim, {0, -0.75}, {half, tilt});
    painter.add(rim, 0.03, glaze, 0);
    cv::Mat inside = painter.nothing();
    painter.ellipse(inside, {0, -0.745}, {half - 0.045, tilt - 0.03});
    painter.add(inside, 0.01, {.colour = palette.main * 0.45F, .colour_map = {}, .relief = {}, .gloss = 0.2F},
                0);
    cv::Mat coffee = painter.nothing();
    painter.ellipse(coffee, {0, -0.70}, {half - 0.09, tilt - 0.055});
    painter.add(
        coffee, 0.01,
        {.colour = colour(58, 32, 18), .colour_map = {}, .relief = {}, .gloss = 0.9F, .sharpness = 0.9F}, 0);
}

void draw_blob(Painter& painter, const Palette& palette, Random& random) {
    Points corners;
    const int count = random.whole(6, 8);
    for (int i = 0; i < count; ++i) {
        const double angle = 2 * CV_PI * i / count;
        const double radius = random.between(0.72, 1.0);
        corners.emplace_back(radius * std::cos(angle), 0.95 * radius * std::sin(angle));
    }
    cv::Mat shape = painter.nothing();
    painter.fill(shape, smooth(corners, true));
    cv::Mat map = painter.plain_map(palette.main);
    const cv::Mat veins = smooth_noise(painter.size(), painter.unit() * 0.5, 5, random);
    for (int y = 0; y < map.rows; ++y) {
        for (int x = 0; x < map.cols; ++x) {
            const float vein = std::exp(-std::abs(veins.at<float>(y, x)) * 14);
            cv::Vec3f& pixel = map.at<cv::Vec3f>(y, x);
            pixel = pixel * (1 - 0.45F * vein) + palette.second * (0.45F * vein);
        }
    }
    painter.add(shape, 0.7, {.colour_map = map, .relief = {}, .gloss = 0.55F, .sharpness = 0.5F});
}

void draw_ring(Painter& painter, const Palette& palette, Random& random) {
    const double outer = random.between(0.78, 0.9);
    const double width = random.between(0.10, 0.15);
    const Material gold{.colour = palette.main,
                        .colour_map = {},
                        .relief = {},
                        .gloss = 1,
                        .sharpness = 0.6F,
                        .metal = 0.85F};
    cv::Mat band = painter.nothing();
    painter.ellipse(band, {0, 0.1}, {outer, outer});
    painter.ellipse(band, {0, 0.1}, {outer - width, outer - width}, 0);
    painter.add(band, 1, gold);

    const double top = 0.1 - outer;
    for (const double side : {-1.0, 1.0}) {
        cv::Mat claw = painter.nothing();
        painter.rope(claw, {{side * 0.08, top + 0.1}, {side * 0.2, top - 0.02}, {side * 0.24, top - 0.14}},
                     0.06, 0.04);
        painter.add(claw, 1, gold);
    }
    const double half = 0.26;
    const Points rim = {
        {-half, top - 0.10}, {-half * 0.6, top - 0.24}, {half * 0.6, top - 0.24}, {half, top - 0.10}};
    const cv::Point2d tip{0, top + 0.12};
    for (int i = 0; i < 6; ++i) {  // facets, each with its own brightness
        const double left = -half + 2 * half * i / 6;
        const double right = -half + 2 * half * (i + 1) / 6;
        cv::Mat facet = painter.nothing();
        painter.fill(facet, {{left, top - 0.105}, {right, top - 0.105}, tip});
        painter.add(facet, 0.01,
                    {.colour = palette.detail * static_cast<float>(random.between(0.35, 1.3)),
                     .colour_map = {},
                     .relief = {},
                     .gloss = 1,
                     .sharpness = 0.9F},
                    0);
    }
    cv::Mat table = painter.nothing();
    painter.fill(table, rim);
    painter.add(
        table, 0.03,
        {.colour = palette.detail * 1.1F, .colour_map = {}, .relief = {}, .gloss = 1, .sharpness = 0.9F}, 0);
    cv::Mat glint = painter.nothing();
    painter.fill(glint, {{-half * 0.5, top - 0.21},
                         {half * 0.1, top - 0.21},
                         {-half * 0.1, top - 0.13},
                         {-half * 0.7, top - 0.13}});
    painter.stain(glint, cv::Vec3f::all(0.95F), 0.6);
}

}  // namespace darkroom::shots
