// What is built from boards, sheets and hides: box, chair, bag.
#include <algorithm>
#include <cmath>

#include "tools/shots/objects.h"

namespace darkroom::shots {
namespace {

cv::Point2d between(cv::Point2d a, cv::Point2d b, double t) { return a + t * (b - a); }

/// Wood or leather: the colour varied by noise, with the noise as relief.
Material grained(const Painter& painter, cv::Vec3f base, const cv::Mat& noise, float contrast, float relief) {
    Material material{.colour = base, .colour_map = painter.plain_map(base), .relief = noise * relief};
    for (int y = 0; y < noise.rows; ++y) {
        for (int x = 0; x < noise.cols; ++x) {
            material.colour_map.at<cv::Vec3f>(y, x) *= std::max(0.2F, 1 + contrast * noise.at<float>(y, x));
        }
    }
    return material;
}

Points rounded(cv::Point2d low, cv::Point2d high, double radius) {
    Points outline;
    const cv::Point2d r(radius, radius);
    const Points corners[] = {
        arc(high - r, r, 0, 90, 8), arc({low.x + radius, high.y - radius}, r, 90, 180, 8),
        arc(low + r, r, 180, 270, 8), arc({high.x - radius, low.y + radius}, r, 270, 360, 8)};
    for (const Points& corner : corners) outline.insert(outline.end(), corner.begin(), corner.end());
    return outline;
}

}  // namespace

void draw_box(Painter& painter, const Palette& palette, Random& random) {
    const double depth = random.between(0.30, 0.42);
    const double edge = random.between(0.1, 0.28);  // where the near vertical edge stands
    const cv::Point2d top{edge, -0.42};
    const cv::Point2d bottom{edge, 1.0};
    const cv::Point2d left_top{-0.85, -0.62};
    const cv::Point2d left_bottom{-0.85, 0.76};
    const cv::Point2d right_top{0.88, -0.58};
    const cv::Point2d right_bottom{0.88, 0.80};
    const cv::Point2d back{left_top.x + (right_top.x - edge) * 0.95, -0.62 - depth * 0.55};

    const auto face = [&](const Points& outline, float light, const cv::Mat& map) {
        cv::Mat mask = painter.nothing();
        painter.fill(mask, outline);
        painter.add(
            mask, 0.012,
            {.colour = {}, .colour_map = map * light, .relief = {}, .gloss = 0.25F, .sharpness = 0.3F}, 0);
    };
    cv::Mat front = painter.plain_map(palette.main);
    cv::Mat band = painter.nothing();
    painter.fill(band, {between(left_top, left_bottom, 0.62), between(top, bottom, 0.62),
                        between(top, bottom, 0.86), between(left_top, left_bottom, 0.86)});
    painter.print_shape(front, band, palette.second);
    cv::Mat seal = painter.nothing();
    painter.ellipse(seal, {(left_top.x + edge) / 2, -0.02}, {0.2, 0.22});
    painter.print_shape(front, seal, palette.detail);
    static constexpr const char* names[] = {"TEA", "SOAP", "OATS", "SALT", "MINT"};
    painter.print(front, names[random.whole(0, 4)], {(left_top.x + edge) / 2, -0.02}, 0.1,
                  legible_on(palette.detail));
    painter.print(front, "ORGANIC", {(left_top.x + edge) / 2, 0.47}, 0.09, legible_on(palette.second));
    face({left_top, top, bottom, left_bottom}, 1.05F, front);

    cv::Mat side = painter.plain_map(palette.main);
    cv::Mat side_band = painter.nothing();
    painter.fill(side_band, {between(top, bottom, 0.62), between(right_top, right_bottom, 0.62),
                             between(right_top, right_bottom, 0.86), between(top, bottom, 0.86)});
    painter.print_shape(side, side_band, palette.second);
    face({top, right_top, right_bottom, bottom}, 0.62F, side);
    face({left_top, back, right_top, top}, 1.22F, painter.plain_map(palette.main));
}

void draw_chair(Painter& painter, const Palette& palette, Random& random) {
    const cv::Mat noise = stretched_noise(painter.size(), painter.unit() * 0.03, 9, 4, random);
    Material wood = grained(painter, palette.main, noise, 0.28F, 0.5F);
    wood.gloss = 0.35F;
    Material dark = wood;
    dark.colour_map = wood.colour_map * 0.7F;
    const double leg = random.between(0.075, 0.1);
    const auto bar = [&](cv::Point2d from, cv::Point2d to, double width, const Material& material) {
        cv::Mat mask = painter.nothing();
        const cv::Point2d along = to - from;
        const cv::Point2d across = cv::Point2d(-along.y, along.x) * (width / 2 / cv::norm(along));
        painter.fill(mask, {from + across, to + across, to - across, from - across});
        painter.add(mask, 0.02, material);
    };
    bar({-0.36, 0.16}, {-0.40, 0.82}, leg, dark);  // hind legs
    bar({0.36, 0.16}, {0.40, 0.82}, leg, dark);
    bar({-0.38, 0.58}, {0.38, 0.58}, 0.05, dark);
    bar({-0.40, -1.0}, {-0.36, 0.2}, leg, wood);  // the back's posts
    bar({0.40, -1.0}, {0.36, 0.2}, leg, wood);
    const int slats = random.whole(3, 5);
    if (random.chance(0.5)) {
        for (int i = 0; i < slats; ++i) {
            const double y = -0.9 + 0.85 * i / slats;
            bar({-0.40, y}, {0.40, y}, 0.10, wood);
        }
    } else {
        bar({-0.42, -0.92}, {0.42, -0.92}, 0.13, wood);
        bar({-0.40, -0.02}, {0.40, -0.02}, 0.09, wood);
        for (int i = 0; i < slats; ++i) {
            const double x = -0.28 + 0.56 * i / (slats - 1);
            bar({x, -0.88}, {x, -0.02}, 0.06, wood);
        }
    }
    bar({-0.50, 0.30}, {-0.54, 1.0}, leg, wood);  // front legs, apron, seat
    bar({0.50, 0.30}, {0.54, 1.0}, leg, wood);
    bar({-0.5, 0.36}, {0.5, 0.36}, 0.10, dark);
    cv::Mat seat = painter.nothing();
    painter.fill(seat,
                 {{-0.42, 0.08}, {0.42, 0.08}, {0.60, 0.29}, {0.60, 0.345}, {-0.60, 0.345}, {-0.60, 0.29}});
    Material top = wood;
    top.colour_map = wood.colour_map * 1.15F;
    painter.add(seat, 0.025, top);
}

void draw_bag(Painter& painter, const Palette& palette, Random& random) {
    const cv::Mat noise = smooth_noise(painter.size(), painter.unit() * 0.022, 3, random);
    const cv::Mat folds = smooth_noise(painter.size(), painter.unit() * 0.5, 2, random);
    Material leather = grained(painter, palette.main, noise, 0.10F, 0.9F);
    leather.relief = leather.relief + folds * (painter.unit() * 0.035);
    leather.gloss = 0.45F;
    leather.sharpness = 0.25F;
    const double reach = random.between(0.88, 1.0);
    cv::Mat strap = painter.nothing();
    painter.rope(
        strap,
        smooth({{-0.62, -0.05}, {-0.60, -0.55}, {-0.3, -reach}, {0.3, -reach}, {0.60, -0.55}, {0.62, -0.05}},
               false),
        0.085, 0.085);
    painter.add(strap, 0.03, leather);

    cv::Mat body = painter.nothing();
    painter.fill(body, smooth({{-0.74, -0.1},
                               {-0.66, -0.22},
                               {0, -0.26},
                               {0.66, -0.22},
                               {0.74, -0.1},
                               {0.84, 0.4},
                               {0.84, 0.82},
                               {0.70, 0.985},
                               {0, 1.0},
                               {-0.70, 0.985},
                               {-0.84, 0.82},
                               {-0.84, 0.4}},
                              true));
    painter.add(body, 0.22, leather);
    cv::Mat flap = painter.nothing();
    painter.fill(flap, smooth({{-0.72, -0.12},
                               {-0.64, -0.24},
                               {0, -0.28},
                               {0.64, -0.24},
                               {0.72, -0.12},
                               {0.73, 0.2},
                               {0.5, 0.44},
                               {0, 0.52},
                               {-0.5, 0.44},
                               {-0.73, 0.2}},
                              true));
    Material lid = leather;
    lid.colour_map = leather.colour_map * 0.92F;
    painter.add(flap, 0.10, lid, 0.6);
    cv::Mat seam = painter.nothing();
    const Points stitches = smooth(
        {{-0.67, 0.0}, {-0.67, 0.2}, {-0.46, 0.385}, {0, 0.46}, {0.46, 0.385}, {0.67, 0.2}, {0.67, 0.0}},
        false);
    for (std::size_t i = 0; i + 2 < stitches.size(); i += 3)
        painter.rope(seam, {stitches[i], stitches[i + 1]}, 0.012, 0.012);
    painter.stain(seam, palette.second, 0.8);
    const Material brass{.colour = colour(214, 170, 86),
                         .colour_map = {},
                         .relief = {},
                         .gloss = 1,
                         .sharpness = 0.6F,
                         .metal = 0.9F};
    cv::Mat buckle = painter.nothing();
    painter.fill(buckle, rounded({-0.14, 0.33}, {0.14, 0.62}, 0.04));
    painter.fill(buckle, rounded({-0.085, 0.385}, {0.085, 0.565}, 0.02), 0);
    cv::Mat tongue = painter.nothing();
    painter.fill(tongue, rounded({-0.08, 0.2}, {0.08, 0.74}, 0.06));
    painter.add(tongue, 0.03, leather);
    painter.add(buckle, 1, brass);
    for (const double x : {-0.62, 0.62}) {
        cv::Mat stud = painter.nothing();
        painter.ellipse(stud, {x, -0.08}, {0.05, 0.05});
        painter.add(stud, 1, brass);
    }
}

}  // namespace darkroom::shots
