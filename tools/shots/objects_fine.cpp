// What has thin or hairy outlines: plant, plush, glasses.
#include <algorithm>
#include <cmath>

#include "tools/shots/objects.h"

namespace darkroom::shots {
namespace {

void draw_leaf(Painter& painter, cv::Point2d foot, double angle, double length, cv::Vec3f green) {
    const cv::Point2d along(std::cos(angle), std::sin(angle));
    const cv::Point2d across(-along.y, along.x);
    Points outline;
    Points vein;
    for (int i = 0; i <= 20; ++i) {
        const double t = i / 20.0;
        const cv::Point2d spine = foot + along * (t * length) + across * (0.14 * length * t * t);
        outline.push_back(spine + across * (0.26 * length * std::sin(CV_PI * std::pow(t, 0.8))));
        vein.push_back(spine);
    }
    for (int i = 20; i >= 0; --i) {
        const double t = i / 20.0;
        outline.push_back(vein[i] - across * (0.26 * length * std::sin(CV_PI * std::pow(t, 0.8))));
    }
    cv::Mat mask = painter.nothing();
    painter.fill(mask, outline);
    painter.add(mask, 0.05,
                {.colour = green, .colour_map = {}, .relief = {}, .gloss = 0.35F, .sharpness = 0.3F}, 0.3);
    cv::Mat line = painter.nothing();
    painter.rope(line, vein, 0.012, 0.004);
    painter.stain(line, green * 1.5F, 0.6);
}

/// A furry ball or limb: hairs around its outline, then the body, then hairs over it, lighter towards the
/// light.
void draw_fur(Painter& painter, cv::Point2d centre, cv::Point2d radii, cv::Vec3f fur, Random& random) {
    const double length = 0.085;
    const Material coat{.colour = fur,
                        .colour_map = {},
                        .relief = smooth_noise(painter.size(), 5, 2, random) * 1.2F,
                        .gloss = 0.08F,
                        .sharpness = 0};
    cv::Mat fringe = painter.nothing();
    cv::Mat body = painter.nothing();
    painter.ellipse(body, centre, radii);
    const int hairs = static_cast<int>(420 * (radii.x + radii.y));
    const auto hair = [&](cv::Mat& mask, double angle, double at) {
        const cv::Point2d out(std::cos(angle), std::sin(angle));
        const cv::Point2d root = centre + cv::Point2d(radii.x * out.x, radii.y * out.y) * at;
        const double lean = angle + random.between(-0.55, 0.55);
        const double reach = length * random.between(0.35, 1.0);
        painter.rope(mask,
                     {root, root + reach * 0.6 * cv::Point2d(std::cos(lean), std::sin(lean)),
                      root + reach * cv::Point2d(std::cos(lean), std::sin(lean) + 0.25)},
                     0.011, 0.005);
    };
    for (int i = 0; i < hairs; ++i) hair(fringe, random.between(0, 2 * CV_PI), 0.97);
    cv::bitwise_or(fringe, body, body);
    painter.add(body, 0.45, coat, 0.3);
    for (const float tone : {0.72F, 1.35F}) {
        cv::Mat strokes = painter.nothing();
        for (int i = 0; i < hairs; ++i)
            hair(strokes, random.between(0, 2 * CV_PI), std::sqrt(random.between(0, 0.9)));
        painter.stain(strokes, fur * tone, tone < 1 ? 0.28 : 0.22);
    }
}

}  // namespace

void draw_plant(Painter& painter, const Palette& palette, Random& random) {
    const int stems = random.whole(7, 10);
    for (int i = 0; i < stems; ++i) {
        const double lean = -1.0 + 2.0 * i / (stems - 1) + random.between(-0.08, 0.08);
        const double top = -0.95 + 0.5 * std::abs(lean) + random.between(0, 0.2);
        const Points stem = smooth(
            {{lean * 0.12, 0.35}, {lean * 0.22, 0.0}, {lean * 0.5, (top + 0.1) * 0.6}, {lean * 0.80, top}},
            false);
        cv::Mat mask = painter.nothing();
        painter.rope(mask, stem, 0.022, 0.012);
        const cv::Vec3f green = palette.second * static_cast<float>(random.between(0.75, 1.2));
        painter.add(mask, 1, {.colour = green * 0.9F, .colour_map = {}, .relief = {}, .gloss = 0.2F}, 0.15);
        const auto count = static_cast<int>(stem.size());
        for (int k = 2; k <= 4; ++k) {
            const cv::Point2d at = stem[std::min(count - 1, count * k / 4 - (k == 4 ? 1 : 0))];
            const double side = (k + i) % 2 == 0 ? 1 : -1;
            const double angle = -CV_PI / 2 + lean * 0.8 + (k == 4 ? 0 : side * random.between(0.6, 1.1));
            draw_leaf(painter, at, angle, random.between(0.22, 0.34), green);
        }
    }
    cv::Mat pot = painter.nothing();
    painter.fill(pot, {{-0.34, 0.36}, {0.34, 0.36}, {0.25, 0.98}, {0.22, 1.0}, {-0.22, 1.0}, {-0.25, 0.98}});
    const Material clay{.colour = palette.main,
                        .colour_map = {},
                        .relief = smooth_noise(painter.size(), 4, 2, random) * 0.5F,
                        .gloss = 0.15F,
                        .sharpness = 0.1F};
    painter.add_turned(pot, clay);
    cv::Mat rim = painter.nothing();
    painter.fill(rim, {{-0.38, 0.30}, {0.38, 0.30}, {0.375, 0.45}, {-0.375, 0.45}});
    painter.add_turned(rim, clay, 0.5);
}

void draw_plush(Painter& painter, const Palette& palette, Random& random) {
    const cv::Vec3f fur = palette.main;
    const cv::Vec3f paw = palette.second;
    for (const double side : {-1.0, 1.0}) {
        draw_fur(painter, {side * 0.36, -0.80}, {0.17, 0.17}, fur, random);
        cv::Mat inner = painter.nothing();
        painter.ellipse(inner, {side * 0.36, -0.79}, {0.09, 0.09});
        painter.stain(inner, paw, 0.75);
        draw_fur(painter, {side * 0.50, 0.18}, {0.17, 0.28}, fur, random);
        draw_fur(painter, {side * 0.36, 0.78}, {0.22, 0.19}, fur, random);
    }
    draw_fur(painter, {0, 0.34}, {0.46, 0.54}, fur, random);
    cv::Mat belly = painter.nothing();
    painter.ellipse(belly, {0, 0.38}, {0.27, 0.33});
    painter.stain(belly, paw, 0.4);
    draw_fur(painter, {0, -0.45}, {0.48, 0.42}, fur, random);
    draw_fur(painter, {0, -0.30}, {0.20, 0.15}, paw, random);
    const Material button{
        .colour = colour(22, 18, 18), .colour_map = {}, .relief = {}, .gloss = 1, .sharpness = 0.8F};
    for (const double side : {-1.0, 1.0}) {
        cv::Mat eye = painter.nothing();
        painter.ellipse(eye, {side * 0.18, -0.50}, {0.05, 0.055});
        painter.add(eye, 1, button, 0.2);
        cv::Mat glint = painter.nothing();
        painter.ellipse(glint, {side * 0.18 - 0.016, -0.52}, {0.013, 0.013});
        painter.stain(glint, cv::Vec3f::all(0.95F), 0.9);
        cv::Mat sole = painter.nothing();
        painter.ellipse(sole, {side * 0.37, 0.80}, {0.11, 0.10});
        painter.stain(sole, paw, 0.7);
    }
    cv::Mat nose = painter.nothing();
    painter.ellipse(nose, {0, -0.36}, {0.07, 0.05});
    painter.add(nose, 1, button, 0.2);
    cv::Mat mouth = painter.nothing();
    painter.rope(mouth, {{0, -0.31}, {0, -0.25}}, 0.014, 0.014);
    painter.rope(mouth, arc({-0.06, -0.26}, {0.06, 0.04}, 0, 150, 16), 0.014, 0.014);
    painter.rope(mouth, arc({0.06, -0.26}, {0.06, 0.04}, 30, 180, 16), 0.014, 0.014);
    painter.stain(mouth, colour(40, 28, 26), 0.8);
}

void draw_glasses(Painter& painter, const Palette& palette, Random& random) {
    const double width = random.between(0.40, 0.45);
    const double height = random.between(0.30, 0.38);
    const double rope = random.between(0.06, 0.085);
    const Material frame{
        .colour = palette.main, .colour_map = {}, .relief = {}, .gloss = 0.9F, .sharpness = 0.7F};
    for (const double side : {-1.0, 1.0}) {  // temples, lying behind the lenses
        cv::Mat temple = painter.nothing();
        painter.rope(
            temple,
            smooth({{side * 0.90, -0.10}, {side * 0.88, -0.42}, {side * 0.78, -0.72}, {side * 0.66, -0.82}},
                   false),
            rope * 0.8, rope * 0.55);
        painter.add(temple, 1, frame);
    }
    const Points lens = {{0.04, -0.28}, {0.30, -0.34}, {0.50, -0.18}, {0.47, 0.18},
                         {0.26, 0.34},  {0.03, 0.20},  {-0.03, -0.08}};
    for (const double side : {-1.0, 1.0}) {
        Points rim;
        for (const cv::Point2d corner : lens) {
            rim.emplace_back(side * (0.2 + corner.x * width / 0.30), corner.y * height / 0.30);
        }
        rim = smooth(rim, true);
        rim.push_back(rim.front());
        cv::Mat ring = painter.nothing();
        painter.rope(ring, rim, rope, rope);
        painter.add(ring, 1, frame);
        cv::Mat hinge = painter.nothing();
        painter.ellipse(hinge, {side * 0.88, -0.16}, {0.022, 0.022});
        painter.add(hinge, 1,
                    {.colour = palette.detail,
                     .colour_map = {},
                     .relief = {},
                     .gloss = 1,
                     .sharpness = 0.8F,
                     .metal = 0.9F},
                    0);
    }
    cv::Mat bridge = painter.nothing();
    painter.rope(bridge, smooth({{-0.17, -0.14}, {0, -0.22}, {0.17, -0.14}}, false), rope, rope);
    painter.add(bridge, 1, frame);
}

}  // namespace darkroom::shots
