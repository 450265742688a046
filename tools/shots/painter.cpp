#include "tools/shots/painter.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::shots {
namespace {

constexpr int fraction_bits = 4;  // of OpenCV's drawing coordinates

cv::Mat averaged_down(const cv::Mat& mask) {
    cv::Mat small;
    cv::resize(mask, small, mask.size() / Painter::oversampling, 0, 0, cv::INTER_AREA);
    small.convertTo(small, CV_32F, 1.0 / 255);
    return small;
}

/// A surface over the mask that rises from its outline like a quarter circle of the given radius.
cv::Mat inflated(const cv::Mat& coverage, double radius) {
    cv::Mat distance;
    cv::distanceTransform(coverage > 0.5F, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    double thickest = 0;
    cv::minMaxLoc(distance, nullptr, &thickest);
    radius = std::clamp(radius, 1.0, std::max(1.0, thickest));
    for (float& height : cv::Mat_<float>(distance)) {
        const double t = 1 - std::min(1.0, height / radius);
        height = static_cast<float>(radius * std::sqrt(1 - t * t));
    }
    // Distances have creases along the middle of a shape; real things have none.
    cv::GaussianBlur(distance, distance, {}, std::max(0.8, radius * 0.10));
    return distance;
}

/// A surface of revolution: half a circle over every row of the mask, its ends smoothed from row to row.
cv::Mat turned(const cv::Mat& coverage) {
    cv::Mat ends(coverage.rows, 2, CV_32F, cv::Scalar(0));
    for (int y = 0; y < coverage.rows; ++y) {
        int left = 0;
        int right = coverage.cols - 1;
        while (left < coverage.cols && coverage.at<float>(y, left) < 0.5F) ++left;
        while (right >= left && coverage.at<float>(y, right) < 0.5F) --right;
        ends.at<float>(y, 0) = static_cast<float>(left);
        ends.at<float>(y, 1) = static_cast<float>(right);
    }
    cv::Mat height(coverage.size(), CV_32F, cv::Scalar(0));
    for (int y = 0; y < coverage.rows; ++y) {
        const float half = (ends.at<float>(y, 1) - ends.at<float>(y, 0)) / 2 + 0.5F;
        if (half <= 0) continue;
        const float middle = (ends.at<float>(y, 1) + ends.at<float>(y, 0)) / 2;
        for (int x = 0; x < coverage.cols; ++x) {
            const float t = (static_cast<float>(x) - middle) / half;
            if (std::abs(t) < 1) height.at<float>(y, x) = half * std::sqrt(1 - t * t);
        }
    }
    cv::GaussianBlur(height, height, {}, 1.2, 3.0);
    return height;
}

}  // namespace

Painter::Painter(cv::Size size, Pose pose)
    : size_(size),
      pose_(pose),
      colour_(size, CV_32FC3, cv::Scalar::all(0)),
      coverage_(size, CV_32F, cv::Scalar(0)) {}

cv::Point2d Painter::place(cv::Point2d point) const {
    const double c = std::cos(pose_.turn);
    const double s = std::sin(pose_.turn);
    return pose_.centre + pose_.unit * cv::Point2d(c * point.x - s * point.y, s * point.x + c * point.y);
}

cv::Point Painter::fixed(cv::Point2d point) const {
    const cv::Point2d at = place(point) * static_cast<double>(oversampling * (1 << fraction_bits));
    return {cvRound(at.x), cvRound(at.y)};
}

void Painter::fill(cv::Mat& mask, const Points& outline, int value) const {
    std::vector<cv::Point> polygon;
    polygon.reserve(outline.size());
    for (const cv::Point2d point : outline) polygon.push_back(fixed(point));
    cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{polygon}, cv::Scalar(value), cv::LINE_8,
                 fraction_bits);
}

void Painter::ellipse(cv::Mat& mask, cv::Point2d centre, cv::Point2d radii, int value) const {
    fill(mask, arc(centre, radii, 0, 360, 120), value);
}

void Painter::rope(cv::Mat& mask, const Points& path, double width_start, double width_end, int value) const {
    const double pixel = pose_.unit * oversampling;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        const double at =
            static_cast<double>(i) / static_cast<double>(std::max<std::size_t>(1, path.size() - 2));
        const double width = (width_start + (width_end - width_start) * at) * pixel;
        cv::line(mask, fixed(path[i]), fixed(path[i + 1]), cv::Scalar(value), std::max(1, cvRound(width)),
                 cv::LINE_8, fraction_bits);
    }
}

void Painter::add(const cv::Mat& mask, double roundness, const Material& material, double shade_behind) {
    put(mask, roundness * pose_.unit, false, material, shade_behind);
}

void Painter::add_turned(const cv::Mat& mask, const Material& material, double shade_behind) {
    put(mask, 0, true, material, shade_behind);
}

void Painter::put(const cv::Mat& mask, double radius, bool is_turned, const Material& material,
                  double shade_behind) {
    const cv::Mat cover = averaged_down(mask);
    const int margin = std::max(4, cvRound(pose_.unit * 0.08));
    cv::Rect window = cv::boundingRect(mask);
    if (window.empty()) return;
    window = cv::Rect(window.x / oversampling - margin, window.y / oversampling - margin,
                      window.width / oversampling + 2 * margin, window.height / oversampling + 2 * margin) &
             cv::Rect({}, size_);
    const cv::Mat part_cover = cover(window);
    const cv::Mat height = is_turned ? turned(part_cover) : inflated(part_cover, radius);
    const cv::Mat shaded = shade(height, material, window);

    cv::Mat shade_map;
    const double reach = std::max(1.0, pose_.unit * 0.03);
    const cv::Matx23d shift(1, 0, reach * 0.5, 0, 1, reach * 0.9);
    cv::warpAffine(part_cover, shade_map, shift, part_cover.size());
    cv::GaussianBlur(shade_map, shade_map, {}, reach);
    cv::Mat colour = colour_(window);
    cv::Mat coverage = coverage_(window);
    for (int y = 0; y < window.height; ++y) {
        for (int x = 0; x < window.width; ++x) {
            const float over = part_cover.at<float>(y, x);
            const float lit = 1 - static_cast<float>(shade_behind) * shade_map.at<float>(y, x);
            cv::Vec3f& pixel = colour.at<cv::Vec3f>(y, x);
            pixel = pixel * (lit * (1 - over)) + shaded.at<cv::Vec3f>(y, x) * over;
            float& alpha = coverage.at<float>(y, x);
            alpha = alpha * (1 - over) + over;
        }
    }
}

void Painter::stain(const cv::Mat& mask, cv::Vec3f colour, double opacity) {
    const cv::Mat cover = averaged_down(mask);
    for (int y = 0; y < size_.height; ++y) {
        for (int x = 0; x < size_.width; ++x) {
            const float over = cover.at<float>(y, x) * static_cast<float>(opacity);
            if (over == 0) continue;
            cv::Vec3f& pixel = colour_.at<cv::Vec3f>(y, x);
            pixel = pixel * (1 - over) + colour * (over * coverage_.at<float>(y, x));
        }
    }
}

void Painter::print(cv::Mat& map, const std::string& text, cv::Point2d centre, double height,
                    cv::Vec3f colour) const {
    cv::Mat mask = nothing();
    const int font = cv::FONT_HERSHEY_DUPLEX;
    const double scale =
        height * pose_.unit * oversampling / 22;  // capitals of Hershey's fonts are 22 units high
    const int thickness = std::max(1, cvRound(scale * 3.2));
    int baseline = 0;
    const cv::Size box = cv::getTextSize(text, font, scale, thickness, &baseline);
    const cv::Point2d middle = place(centre) * static_cast<double>(oversampling);
    cv::putText(mask, text, {cvRound(middle.x - box.width / 2.0), cvRound(middle.y + box.height / 2.0)}, font,
                scale, cv::Scalar(255), thickness, cv::LINE_8);
    print_shape(map, mask, colour);
}

void Painter::print_shape(cv::Mat& map, const cv::Mat& mask, cv::Vec3f colour, double opacity) const {
    const cv::Mat cover = averaged_down(mask);
    for (int y = 0; y < map.rows; ++y) {
        for (int x = 0; x < map.cols; ++x) {
            const float over = cover.at<float>(y, x) * static_cast<float>(opacity);
            if (over > 0) map.at<cv::Vec3f>(y, x) = map.at<cv::Vec3f>(y, x) * (1 - over) + colour * over;
        }
    }
}

Points smooth(const Points& corners, bool closed, int steps) {
    const int count = static_cast<int>(corners.size());
    const auto corner = [&](int i) {
        return closed ? corners[(i + count) % count] : corners[std::clamp(i, 0, count - 1)];
    };
    Points line;
    for (int i = 0; i < (closed ? count : count - 1); ++i) {
        const cv::Point2d a = corner(i - 1);
        const cv::Point2d b = corner(i);
        const cv::Point2d c = corner(i + 1);
        const cv::Point2d d = corner(i + 2);
        for (int step = 0; step < steps; ++step) {
            const double t = static_cast<double>(step) / steps;
            line.push_back(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * (t * t) +
                                  (3 * b - a - 3 * c + d) * (t * t * t)));
        }
    }
    if (!closed) line.push_back(corners.back());
    return line;
}

Points mirrored(const Points& right_side) {
    Points outline = right_side;
    for (auto point = right_side.rbegin(); point != right_side.rend(); ++point) {
        outline.emplace_back(-point->x, point->y);
    }
    return outline;
}

Points arc(cv::Point2d centre, cv::Point2d radii, double from_degrees, double to_degrees, int steps) {
    Points line;
    for (int i = 0; i <= steps; ++i) {
        const double angle = (from_degrees + (to_degrees - from_degrees) * i / steps) * CV_PI / 180;
        line.emplace_back(centre.x + radii.x * std::cos(angle), centre.y + radii.y * std::sin(angle));
    }
    return line;
}

}  // namespace darkroom::shots
