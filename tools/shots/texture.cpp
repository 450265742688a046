#include "tools/shots/texture.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "tools/shots/backdrop.h"
#include "tools/shots/old_photo.h"
#include "tools/shots/random.h"
#include "tools/shots/shading.h"

namespace darkroom::shots {
namespace {

cv::Mat brick(cv::Size size, Random& random) {
    const double high = size.height * random.between(0.055, 0.08);
    const double wide = high * random.between(2.1, 2.9);
    const double joint = high * 0.13;
    const cv::Vec3f mortar = colour(176, 170, 160);
    cv::Mat tones(64, 64, CV_32F);
    for (float& tone : cv::Mat_<float>(tones)) tone = static_cast<float>(random.between(0.6, 1.25));
    const cv::Mat rough = smooth_noise(size, 5, 3, random);
    const cv::Mat stains = smooth_noise(size, 0.3 * size.width, 3, random);
    cv::Mat wall(size, CV_32FC3);
    for (int y = 0; y < size.height; ++y) {
        const int row = static_cast<int>(y / high);
        const double in_y = y - row * high;
        for (int x = 0; x < size.width; ++x) {
            const double along = x + (row % 2) * wide / 2;
            const int column = static_cast<int>(along / wide);
            const double depth =
                std::min({in_y, high - in_y, along - column * wide, (column + 1) * wide - along});
            const auto burnt = tones.at<float>(row % 64, column % 64);
            const auto cover = static_cast<float>(std::clamp(depth - joint / 2 + 0.5, 0.0, 1.0));
            const cv::Vec3f fired = colour(158, 84, 62) * burnt;
            wall.at<cv::Vec3f>(y, x) = (fired * cover + mortar * (1 - cover)) *
                                       (1 + 0.16F * rough.at<float>(y, x) + 0.10F * stains.at<float>(y, x));
        }
    }
    return wall;
}

// Laid from back to front, each a ball in the light from the upper left with a dark rim below.
cv::Mat pebbles(cv::Size size, Random& random) {
    cv::Mat ground(size, CV_32FC3, cv::Scalar(0.05, 0.045, 0.04));
    const double largest = size.width * random.between(0.022, 0.032);
    const int count = static_cast<int>(3.2 * size.area() / (largest * largest));
    for (int i = 0; i < count; ++i) {
        const cv::Point2d centre(random.between(0, size.width), random.between(0, size.height));
        const double a = largest * random.between(0.45, 1);
        const double b = a * random.between(0.65, 0.95);
        const double turn = random.between(0, CV_PI);
        const cv::Vec3f stone =
            from_lab({static_cast<float>(random.between(38, 82)), static_cast<float>(random.between(-2, 7)),
                      static_cast<float>(random.between(0, 14))});
        const int reach = static_cast<int>(a) + 2;
        for (int y = std::max(0, int(centre.y) - reach); y < std::min(size.height, int(centre.y) + reach);
             ++y) {
            for (int x = std::max(0, int(centre.x) - reach); x < std::min(size.width, int(centre.x) + reach);
                 ++x) {
                const cv::Point2d at(x - centre.x, y - centre.y);
                const double u = (at.x * std::cos(turn) + at.y * std::sin(turn)) / a;
                const double v = (at.y * std::cos(turn) - at.x * std::sin(turn)) / b;
                const double from_middle = u * u + v * v;
                const auto cover = static_cast<float>(std::clamp((1 - std::sqrt(from_middle)) * b, 0.0, 1.0));
                if (cover <= 0) continue;
                const double light =
                    0.25 + 0.75 * std::clamp(std::sqrt(std::max(0.0, 1 - from_middle)) * 0.7 -
                                                 0.35 * (at.x + at.y) / a,
                                             0.0, 1.0);
                cv::Vec3f& pixel = ground.at<cv::Vec3f>(y, x);
                pixel = stone * static_cast<float>(light) * cover + pixel * (1 - cover);
            }
        }
    }
    return ground;
}

cv::Mat linear_scene(Texture texture, cv::Size size, Random& random) {
    switch (texture) {
        case Texture::felt:
            return draw_backdrop(Backdrop::felt, size, random);
        case Texture::wood:
            return draw_backdrop(Backdrop::wood, size, random);
        case Texture::brick:
            return brick(size, random);
        case Texture::pebbles:
            return pebbles(size, random);
        case Texture::landscape:
        case Texture::sweep:
            break;
    }
    return draw_backdrop(Backdrop::colour_sweep, size, random);
}

using Outlines = std::vector<std::vector<cv::Point>>;

/// A shape of about `reach` pixels in each direction; its area grows with `reach`.
cv::Mat hole_of(Hole hole, double reach, cv::Size size, Random random) {
    cv::Mat mask = cv::Mat::zeros(size, CV_8U);
    const cv::Point2d centre(size.width * random.between(0.4, 0.6), size.height * random.between(0.4, 0.6));
    const double turn = random.between(0, CV_PI);
    if (hole == Hole::blob) {
        const double phases[] = {random.between(0, 6), random.between(0, 6), random.between(0, 6)};
        std::vector<cv::Point> outline;
        for (int i = 0; i < 120; ++i) {
            const double angle = i * CV_PI / 60;
            const double radius =
                reach * (1 + 0.22 * std::sin(2 * angle + phases[0]) + 0.14 * std::sin(3 * angle + phases[1]) +
                         0.06 * std::sin(7 * angle + phases[2]));
            outline.emplace_back(cvRound(centre.x + radius * std::cos(angle)),
                                 cvRound(centre.y + radius * std::sin(angle)));
        }
        cv::fillPoly(mask, Outlines{outline}, cv::Scalar(255));
    } else if (hole == Hole::strip) {  // a wire or a pole across half the picture
        const double half = 0.32 * size.width;
        const cv::Point2d along(half * std::cos(turn), 0.8 * half * std::sin(turn));
        cv::line(mask, cv::Point(centre - along), cv::Point(centre + along), cv::Scalar(255),
                 std::max(1, cvRound(reach)), cv::LINE_8);
    } else {  // a stamp of two lines
        for (const auto& [text, dy] : {std::pair("SAMPLE", -0.6), std::pair("No. 5070", 1.0)}) {
            const double scale = reach / 24;
            int below = 0;
            const cv::Size box = cv::getTextSize(text, cv::FONT_HERSHEY_DUPLEX, scale, 1, &below);
            const cv::Point2d at(size.width / 2.0 - box.width / 2.0,
                                 size.height / 2.0 + box.height / 2.0 + dy * box.height);
            cv::putText(mask, text, cv::Point(at), cv::FONT_HERSHEY_DUPLEX, scale, cv::Scalar(255),
                        std::max(1, cvRound(reach / 5)), cv::LINE_8);
        }
    }
    return mask;
}

}  // namespace

std::string_view name_of(Texture texture) {
    static constexpr std::string_view names[] = {"felt", "wood", "brick", "pebbles", "landscape", "sweep"};
    return names[static_cast<int>(texture)];
}

std::string_view name_of(Hole hole) {
    static constexpr std::string_view names[] = {"blob", "strip", "lettering"};
    return names[static_cast<int>(hole)];
}

cv::Mat draw_texture(Texture texture, cv::Size size, std::uint64_t seed) {
    Random random(seed + 11'000'000);
    cv::Mat picture;
    if (texture == Texture::landscape) {
        cv::resize(draw_old_photo(seed, 1024).clean, picture, size, 0, 0, cv::INTER_AREA);
        picture.convertTo(picture, CV_32F, 1.0 / 255);
        cv::multiply(picture, cv::Scalar(1.0, 0.95, 0.86), picture);
    } else {
        picture = linear_scene(texture, size, random);
        encode_srgb(picture);
    }
    picture += grain(size, 3, random.between(1.0, 2.5) / 255, random);
    picture.convertTo(picture, CV_8U, 255);
    return picture;
}

cv::Mat draw_hole(Hole hole, double share, cv::Size size, std::uint64_t seed) {
    const Random random(seed + 12'000'000);
    double low = 1;
    double high = size.width;
    cv::Mat mask;
    for (int round = 0; round < 24; ++round) {
        const double reach = (low + high) / 2;
        mask = hole_of(hole, reach, size, random);
        const double covered = cv::countNonZero(mask) / static_cast<double>(mask.total());
        if (std::abs(covered - share) < share / 20) break;
        (covered < share ? low : high) = reach;
    }
    return mask;
}

}  // namespace darkroom::shots
