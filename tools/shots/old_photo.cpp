#include "tools/shots/old_photo.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/pictures/picture_file.h"
#include "tools/shots/painter.h"
#include "tools/shots/random.h"

namespace darkroom::shots {
namespace {

/// A scene in grey tones 0..1; coordinates are fractions of its width and height.
class Scene {
public:
    Scene(cv::Size size, Random& random) : size_(size), random_(random), tones_(size, CV_32F) {}

    cv::Point px(double x, double y) const { return {cvRound(x * size_.width), cvRound(y * size_.height)}; }
    cv::Mat blank() const { return cv::Mat::zeros(size_, CV_8U); }
    cv::Mat shape(const Points& outline) const {
        std::vector<cv::Point> polygon;
        for (const cv::Point2d point : outline) polygon.push_back(px(point.x, point.y));
        cv::Mat mask = blank();
        cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{polygon}, cv::Scalar(255), cv::LINE_AA);
        return mask;
    }
    /// Lays `tone` (one value or a CV_32F picture) where the mask is.
    void lay(const cv::Mat& mask, const cv::Mat& tone) {
        cv::Mat cover;
        mask.convertTo(cover, CV_32F, 1.0 / 255);
        tones_ = tones_.mul(1 - cover) + tone.mul(cover);
    }
    void lay(const cv::Mat& mask, double tone) { lay(mask, cv::Mat(size_, CV_32F, cv::Scalar(tone))); }
    cv::Mat textured(double tone, double cell, double amount, int octaves = 4) const {
        return tone + amount * smooth_noise(size_, cell * size_.width, octaves, random_);
    }

    void sky(double horizon);
    void ridge(double base, double height, double roughness, double tone, double texture);
    void lake(double horizon);
    void bank(double top);
    void pine(double x, double foot, double height);
    void cottage(double x, double foot, double size);
    void lighthouse(double x, double foot, double height);
    void boat(double x, double y, double size);

    const cv::Mat& tones() const { return tones_; }

private:
    cv::Size size_;
    Random& random_;
    cv::Mat tones_;
};

void Scene::sky(double horizon) {
    const cv::Mat clouds = stretched_noise(size_, 0.16 * size_.height, 2.2, 6, random_);
    for (int y = 0; y < size_.height; ++y) {
        const double v = y / (horizon * size_.height);
        for (int x = 0; x < size_.width; ++x) {
            const double cloud = std::clamp(clouds.at<float>(y, x) * 1.7 + 0.1, 0.0, 1.0);
            tones_.at<float>(y, x) = static_cast<float>(0.60 + 0.20 * std::min(v, 1.0) +
                                                        0.24 * cloud * (1.15 - 0.7 * std::min(v, 1.0)));
        }
    }
}

void Scene::ridge(double base, double height, double roughness, double tone, double texture) {
    const cv::Mat line = smooth_noise({size_.width, 4}, 0.33 * size_.width, 7, random_);
    const cv::Mat rock = smooth_noise(size_, 0.05 * size_.width, 5, random_);
    for (int x = 0; x < size_.width; ++x) {
        const int next = std::min(size_.width - 1, x + std::max(2, size_.width / 200));
        const float rise = line.at<float>(1, next) - line.at<float>(1, x);
        const double top = base - height * (0.55 + roughness * line.at<float>(1, x));
        for (int y = std::max(0, cvRound(top * size_.height)); y < size_.height; ++y) {
            const double depth = (y / static_cast<double>(size_.height) - top) / std::max(0.05, height);
            // Faces that look left are sunlit; the slope of the rock counts more the further one is from the
            // crest.
            const int left = std::max(0, x - std::max(2, size_.width / 160));
            const double slope =
                1.2 * (rock.at<float>(y, x) - rock.at<float>(y, left)) + 3 * rise * std::exp(-6 * depth);
            const double light = std::clamp(slope, -0.6, 0.8) * 0.16 + texture * rock.at<float>(y, x);
            const double haze = 0.10 * depth;
            tones_.at<float>(y, x) = static_cast<float>(tone + light + std::clamp(haze, 0.0, 0.12));
        }
    }
}

void Scene::lake(double horizon) {
    const int shore = cvRound(horizon * size_.height);
    const cv::Mat ripple = stretched_noise(size_, 0.010 * size_.height, 9, 3, random_);
    const cv::Mat before = tones_.clone();
    for (int y = shore; y < size_.height; ++y) {
        const double depth = static_cast<double>(y - shore) / std::max(1, size_.height - shore);
        for (int x = 0; x < size_.width; ++x) {
            const double shift = ripple.at<float>(y, x) * (0.006 + 0.05 * depth) * size_.height;
            const int from = std::clamp(cvRound(shore - (y - shore) * 0.9 + shift), 0, shore);
            const double glint = 0.07 * std::max(0.0F, ripple.at<float>(y, x));
            tones_.at<float>(y, x) =
                static_cast<float>(0.80 * before.at<float>(from, x) + 0.04 + glint + 0.05 * depth);
        }
    }
}

void Scene::bank(double top) {
    Points outline{{-0.02, 1.02}, {-0.02, top}};
    for (int i = 0; i <= 16; ++i)
        outline.emplace_back(i / 16.0,
                             top + 0.03 * std::sin(i * 0.9) + random_.between(-0.008, 0.008) + 0.05 * i / 16);
    outline.emplace_back(1.02, 1.02);
    lay(shape(outline), textured(0.25, 0.02, 0.16, 5));
    for (int i = 0; i < 900; ++i) {  // blades of grass
        const double x = random_.between(0, 1);
        const double y = random_.between(top + 0.04, 1.02);
        const double height = random_.between(0.012, 0.04) * (0.4 + y);
        cv::line(tones_, px(x, y), px(x + random_.between(-0.01, 0.01), y - height),
                 cv::Scalar(random_.between(0.08, 0.5)), std::max(1, size_.width / 900), cv::LINE_AA);
    }
}

void Scene::pine(double x, double foot, double height) {
    Points outline;
    const int tiers = 11;
    for (const double side : {1.0, -1.0}) {
        for (int i = 0; i < tiers; ++i) {
            const int tier = side > 0 ? i : tiers - 1 - i;
            const double y = foot - height * (1 - static_cast<double>(tier) / tiers);
            const double out = height * 0.24 * (tier + 0.6) / tiers * random_.between(0.75, 1.1);
            const cv::Point2d inner(x + side * out * 0.45, y + height * 0.02);
            const cv::Point2d outer(x + side * out, y + height * 0.075);
            outline.push_back(side > 0 ? inner : outer);
            outline.push_back(side > 0 ? outer : inner);
        }
        if (side > 0) outline.emplace_back(x, foot);
    }
    outline.emplace_back(x, foot - height * 1.06);
    lay(shape(outline), textured(0.20, 0.008, 0.20, 3));
}

void Scene::cottage(double x, double foot, double size) {
    const double wide = size;
    const double wall = size * 0.55;
    lay(shape({{x + wide * 0.62, foot - wall * 1.75},
               {x + wide * 0.74, foot - wall * 1.75},
               {x + wide * 0.74, foot - wall * 1.0},
               {x + wide * 0.62, foot - wall * 1.0}}),
        textured(0.42, 0.004, 0.15));
    lay(shape({{x, foot - wall}, {x + wide, foot - wall}, {x + wide, foot}, {x, foot}}),
        textured(0.74, 0.01, 0.08));
    for (int i = 1; i < 9; ++i)
        cv::line(tones_, px(x, foot - wall * i / 9), px(x + wide, foot - wall * i / 9), cv::Scalar(0.58),
                 std::max(1, size_.width / 800), cv::LINE_AA);
    lay(shape({{x - wide * 0.06, foot - wall * 0.97},
               {x + wide * 0.14, foot - wall * 1.6},
               {x + wide * 0.86, foot - wall * 1.6},
               {x + wide * 1.06, foot - wall * 0.97}}),
        textured(0.30, 0.006, 0.16));
    for (const double at : {0.10, 0.66}) {
        lay(shape({{x + wide * at, foot - wall * 0.72},
                   {x + wide * (at + 0.2), foot - wall * 0.72},
                   {x + wide * (at + 0.2), foot - wall * 0.3},
                   {x + wide * at, foot - wall * 0.3}}),
            0.16);
        cv::line(tones_, px(x + wide * (at + 0.1), foot - wall * 0.72),
                 px(x + wide * (at + 0.1), foot - wall * 0.3), cv::Scalar(0.85),
                 std::max(1, size_.width / 500), cv::LINE_AA);
        cv::line(tones_, px(x + wide * at, foot - wall * 0.51), px(x + wide * (at + 0.2), foot - wall * 0.51),
                 cv::Scalar(0.85), std::max(1, size_.width / 500), cv::LINE_AA);
    }
    lay(shape({{x + wide * 0.40, foot - wall * 0.74},
               {x + wide * 0.56, foot - wall * 0.74},
               {x + wide * 0.56, foot},
               {x + wide * 0.40, foot}}),
        textured(0.26, 0.006, 0.1));
}

void Scene::lighthouse(double x, double foot, double height) {
    const auto half = [&](double t) { return height * (0.115 - 0.05 * t); };
    for (int i = 0; i < 5; ++i) {
        const double low = i / 5.0;
        const double high = (i + 1) / 5.0;
        lay(shape({{x - half(low), foot - height * 0.8 * low},
                   {x - half(high), foot - height * 0.8 * high},
                   {x + half(high), foot - height * 0.8 * high},
                   {x + half(low), foot - height * 0.8 * low}}),
            textured(i % 2 == 0 ? 0.84 : 0.30, 0.01, 0.07));
    }
    lay(shape({{x - height * 0.09, foot - height * 0.8},
               {x + height * 0.09, foot - height * 0.8},
               {x + height * 0.09, foot - height * 0.825},
               {x - height * 0.09, foot - height * 0.825}}),
        0.2);
    lay(shape({{x - height * 0.045, foot - height * 0.825},
               {x - height * 0.045, foot - height * 0.92},
               {x + height * 0.045, foot - height * 0.92},
               {x + height * 0.045, foot - height * 0.825}}),
        0.92);
    lay(shape({{x - height * 0.06, foot - height * 0.92},
               {x, foot - height},
               {x + height * 0.06, foot - height * 0.92}}),
        0.18);
    // Round: the side away from the light is darker.
    lay(shape({{x + half(0) * 0.25, foot},
               {x + half(1) * 0.25, foot - height * 0.8},
               {x + half(1), foot - height * 0.8},
               {x + half(0), foot}}) *
            0.35,
        0.12);
}

void Scene::boat(double x, double y, double size) {
    lay(shape({{x - size * 0.5, y},
               {x - size * 0.38, y + size * 0.13},
               {x + size * 0.36, y + size * 0.13},
               {x + size * 0.56, y - size * 0.02}}),
        textured(0.20, 0.006, 0.12));
    lay(shape({{x - size * 0.48, y - size * 0.005},
               {x + size * 0.54, y - size * 0.03},
               {x + size * 0.5, y + size * 0.01},
               {x - size * 0.46, y + size * 0.02}}),
        0.72);
    cv::line(tones_, px(x, y), px(x + size * 0.02, y - size * 0.9), cv::Scalar(0.22),
             std::max(1, size_.width / 300), cv::LINE_AA);
    lay(shape({{x + size * 0.04, y - size * 0.86},
               {x + size * 0.46, y - size * 0.14},
               {x + size * 0.04, y - size * 0.10}}),
        textured(0.88, 0.02, 0.06));
    lay(shape({{x - size * 0.02, y - size * 0.80},
               {x - size * 0.36, y - size * 0.12},
               {x - size * 0.02, y - size * 0.12}}),
        textured(0.80, 0.02, 0.06));
}

cv::Mat draw_scene(cv::Size size, Random& random) {
    Scene scene(size, random);
    const double horizon = random.between(0.52, 0.60);
    scene.sky(horizon);
    scene.ridge(horizon, 0.34, 0.75, 0.58, 0.06);
    scene.ridge(horizon, 0.15, 0.55, 0.40, 0.14);
    scene.lake(horizon);
    const double side = random.chance(0.5) ? 0.10 : 0.62;
    if (random.chance(0.5)) {
        for (int i = 0; i < 4; ++i)
            scene.pine(side + 0.07 * i, horizon + 0.20 + 0.01 * (i % 2), random.between(0.22, 0.36));
        scene.bank(horizon + 0.19);
        scene.cottage(side + 0.02, horizon + 0.27, 0.22);
        scene.pine(side > 0.3 ? 0.56 : 0.42, horizon + 0.27, 0.42);
    } else {
        scene.bank(horizon + 0.24);
        scene.lighthouse(side + 0.12, horizon + 0.28, 0.52);
        scene.pine(side > 0.3 ? 0.93 : 0.05, horizon + 0.27, 0.34);
    }
    scene.boat(side > 0.3 ? 0.26 : 0.72, horizon + 0.10, 0.17);
    cv::Mat tones = scene.tones();
    cv::max(tones, 0.03, tones);
    cv::min(tones, 0.97, tones);
    return tones;
}

cv::Mat tinted(const cv::Mat& tones, cv::Vec3f dark, cv::Vec3f light) {
    cv::Mat picture(tones.size(), CV_32FC3);
    for (int y = 0; y < tones.rows; ++y) {
        for (int x = 0; x < tones.cols; ++x)
            picture.at<cv::Vec3f>(y, x) = dark + (light - dark) * tones.at<float>(y, x);
    }
    return picture;
}

/// Scratches, dust and a fold; each is white or black on the print.
void damage(cv::Mat& picture, cv::Mat& defects, Random& random) {
    const int w = picture.cols;
    const int h = picture.rows;
    const auto mark = [&](auto&& draw, double tone, double opacity) {
        cv::Mat mask = cv::Mat::zeros(picture.size(), CV_8U);
        draw(mask);
        cv::max(defects, mask, defects);
        for (int y = 0; y < h; ++y) {
            for (int x = 0; x < w; ++x) {
                const auto over = static_cast<float>(mask.at<uchar>(y, x) / 255.0 * opacity);
                if (over > 0)
                    picture.at<cv::Vec3f>(y, x) = picture.at<cv::Vec3f>(y, x) * (1 - over) +
                                                  cv::Vec3f::all(static_cast<float>(tone)) * over;
            }
        }
    };
    mark(
        [&](cv::Mat& mask) {
            for (int i = 0; i < 7; ++i) {
                cv::Point at(random.whole(0, w), random.whole(0, h));
                const double heading = random.between(1.2, 1.9);
                for (int step = 0; step < random.whole(4, 14); ++step) {
                    const double turn = heading + random.between(-0.15, 0.15);
                    const cv::Point next = at + cv::Point(cvRound(0.05 * h * std::cos(turn)),
                                                          cvRound(0.05 * h * std::sin(turn)));
                    cv::line(mask, at, next, cv::Scalar(random.whole(120, 255)), 1, cv::LINE_AA);
                    at = next;
                }
            }
        },
        0.93, 0.75);
    mark(
        [&](cv::Mat& mask) {
            for (int i = 0; i < 60; ++i)
                cv::circle(mask, {random.whole(0, w), random.whole(0, h)},
                           random.chance(0.15) ? 2 : random.whole(0, 1), cv::Scalar(random.whole(140, 255)),
                           -1, cv::LINE_AA);
        },
        0.95, 0.85);
    mark(
        [&](cv::Mat& mask) {
            for (int i = 0; i < 18; ++i)
                cv::circle(mask, {random.whole(0, w), random.whole(0, h)}, random.whole(0, 1),
                           cv::Scalar(200), -1, cv::LINE_AA);
        },
        0.12, 0.7);
    if (random.chance(0.6)) {
        const int x = random.whole(w / 4, 3 * w / 4);
        mark(
            [&](cv::Mat& mask) {
                cv::line(mask, {x, 0}, {x + random.whole(-w / 12, w / 12), h}, cv::Scalar(230),
                         std::max(1, w / 280), cv::LINE_AA);
            },
            0.9, 0.6);
    }
}

}  // namespace

OldPhoto draw_old_photo(std::uint64_t seed, int long_side) {
    Random random(seed + 7'000'000);
    const cv::Size size(long_side, cvRound(long_side * 0.75));
    // Drawn four times as large, so that small prints still hold fine detail from the large scene.
    const cv::Size large(2048, 1536);
    cv::Mat tones;
    cv::resize(draw_scene(large, random), tones, size, 0, 0, cv::INTER_AREA);
    OldPhoto photo;
    tinted(tones, {0.02F, 0.02F, 0.02F}, {0.98F, 0.98F, 0.98F}).convertTo(photo.clean, CV_8U, 255);

    const auto lift = static_cast<float>(random.between(0.14, 0.22));
    cv::Mat print = tinted(tones, {lift + 0.04F, lift * 0.9F, lift * 0.65F}, {0.88F, 0.80F, 0.64F});
    const cv::Mat blotches = smooth_noise(size, 0.4 * long_side, 3, random);
    for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
            const float u = 2.0F * static_cast<float>(x) / static_cast<float>(size.width) - 1;
            const float v = 2.0F * static_cast<float>(y) / static_cast<float>(size.height) - 1;
            print.at<cv::Vec3f>(y, x) *= 1 - 0.13F * (u * u + v * v) + 0.05F * blotches.at<float>(y, x);
        }
    }
    photo.defects = cv::Mat::zeros(size, CV_8U);
    damage(print, photo.defects, random);
    const int border = cvRound(long_side * 0.035);
    const cv::Rect inner(border, border, size.width - 2 * border, size.height - 2 * border);
    cv::Mat framed(size, CV_32FC3, cv::Scalar(0.90, 0.86, 0.76));
    cv::resize(print, framed(inner), inner.size(), 0, 0, cv::INTER_AREA);
    cv::GaussianBlur(framed, framed, {}, 0.7);
    framed += grain(size, 3, 0.016, random);
    framed.convertTo(framed, CV_8U, 255);
    photo.picture = pictures::through_jpeg(framed, 88);
    return photo;
}

}  // namespace darkroom::shots
