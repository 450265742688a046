// The photographed object, built up part by part from back to front. Shapes are drawn three times as large as
// the picture and averaged down, so that the coverage at an outline is exact to a ninth; the colour is shaded
// once per pixel.
//
// Objects are drawn in a unit frame: x right and y down, the object in about -1..1, standing on y = 1.
#pragma once
#include <functional>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "tools/shots/random.h"
#include "tools/shots/shading.h"

namespace darkroom::shots {

using Points = std::vector<cv::Point2d>;

/// Where the unit frame lies in the picture.
struct Pose {
    cv::Point2d centre;  // px
    double unit = 1;     // px
    double turn = 0;     // radians
};

class Painter {
public:
    static constexpr int oversampling = 3;

    Painter(cv::Size size, Pose pose);

    cv::Size size() const { return size_; }
    double unit() const { return pose_.unit; }
    /// Where a point of the unit frame lies in the picture, px.
    cv::Point2d place(cv::Point2d point) const;

    // Shapes: 8-bit masks at three times the picture's size.
    cv::Mat nothing() const { return cv::Mat::zeros(size_ * oversampling, CV_8U); }
    void fill(cv::Mat& mask, const Points& outline, int value = 255) const;
    void ellipse(cv::Mat& mask, cv::Point2d centre, cv::Point2d radii, int value = 255) const;
    /// A rope through `path` whose width runs from `width_start` to `width_end`, with round ends.
    void rope(cv::Mat& mask, const Points& path, double width_start, double width_end, int value = 255) const;

    /// Puts a part in front of what is there. `roundness` is the radius of its edge: large makes a ball or a
    /// tube of it, small a board with a bevel. It throws a little shade on what lies behind it.
    void add(const cv::Mat& mask, double roundness, const Material& material, double shade_behind = 0.35);

    /// The same for a part made on a wheel or lathe (bottles, pots): round about its middle in every row.
    void add_turned(const cv::Mat& mask, const Material& material, double shade_behind = 0.35);

    /// Paints on the parts that are there already, without a shape of its own: prints, stitches, stains.
    void stain(const cv::Mat& mask, cv::Vec3f colour, double opacity);

    /// A colour map of one colour to draw a print on, and text on it. `height` is the height of capitals.
    cv::Mat plain_map(cv::Vec3f colour) const { return {size_, CV_32FC3, cv::Scalar(colour)}; }
    void print(cv::Mat& map, const std::string& text, cv::Point2d centre, double height,
               cv::Vec3f colour) const;
    void print_shape(cv::Mat& map, const cv::Mat& mask, cv::Vec3f colour, double opacity = 1) const;

    /// Linear colour times coverage, CV_32FC3, and coverage, CV_32F 0..1.
    const cv::Mat& premultiplied() const { return colour_; }
    const cv::Mat& coverage() const { return coverage_; }

private:
    cv::Point fixed(cv::Point2d point) const;
    void put(const cv::Mat& mask, double radius, bool turned, const Material& material, double shade_behind);

    cv::Size size_;
    Pose pose_;
    cv::Mat colour_;
    cv::Mat coverage_;
};

/// A smooth line through `corners` (Catmull-Rom), closed or open.
Points smooth(const Points& corners, bool closed, int steps = 12);
Points mirrored(const Points& right_side);  // the right half of an outline, from top to bottom, made whole
Points arc(cv::Point2d centre, cv::Point2d radii, double from_degrees, double to_degrees, int steps = 48);

}  // namespace darkroom::shots
