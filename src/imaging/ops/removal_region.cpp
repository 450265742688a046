#include "imaging/ops/removal_region.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "imaging/ops/param_values.h"

namespace darkroom::imaging {
namespace {

namespace json = boost::json;

constexpr double slack_px = 0.5;
constexpr int subpixel_bits = 4;  // outlines are drawn to a sixteenth of a pixel
constexpr double shadow_darkening = 0.93;

double number(const json::value& value) { return value.to_number<double>(); }

struct Paper {
    cv::Mat mask;
    cv::Point2d unit;  // pixels of one unit, across and down
    bool outside = false;

    cv::Point2d place(double x, double y) {
        const cv::Point2d at(x * unit.x, y * unit.y);
        // Written so that NaN is outside.
        const bool inside = at.x >= -slack_px && at.x <= mask.cols + slack_px && at.y >= -slack_px &&
                            at.y <= mask.rows + slack_px;
        outside |= !inside;
        return inside ? at : cv::Point2d();
    }
    cv::Point2d place(const json::value& point) {
        return place(number(point.as_array().at(0)), number(point.as_array().at(1)));
    }
};

// Coordinates count from the corner of the first pixel, OpenCV's drawing from its middle.
cv::Point fine(cv::Point2d at) {
    const double scale = 1 << subpixel_bits;
    return {cvRound((at.x - 0.5) * scale), cvRound((at.y - 0.5) * scale)};
}

void draw_box(const json::array& box, Paper& paper) {
    const cv::Point2d from = paper.place(number(box.at(0)), number(box.at(1)));
    const cv::Point2d to =
        paper.place(number(box.at(0)) + number(box.at(2)), number(box.at(1)) + number(box.at(3)));
    // Every pixel that the box touches, and at least one.
    const int left = std::clamp(static_cast<int>(std::floor(from.x)), 0, paper.mask.cols - 1);
    const int top = std::clamp(static_cast<int>(std::floor(from.y)), 0, paper.mask.rows - 1);
    const int right = std::clamp(static_cast<int>(std::ceil(to.x)), left + 1, paper.mask.cols);
    const int bottom = std::clamp(static_cast<int>(std::ceil(to.y)), top + 1, paper.mask.rows);
    paper.mask(cv::Rect(left, top, right - left, bottom - top)).setTo(cv::Scalar(255));
}

// What is near the points, `reach` pixels around them: drawing elsewhere costs time for nothing.
cv::Rect around(const std::vector<cv::Point2d>& points, double reach, cv::Size size) {
    cv::Point2d low = points.front(), high = points.front();
    for (const cv::Point2d p : points) {
        low = {std::min(low.x, p.x), std::min(low.y, p.y)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
    const int margin = static_cast<int>(std::ceil(reach)) + 2;
    const cv::Rect box(static_cast<int>(low.x) - margin, static_cast<int>(low.y) - margin,
                       static_cast<int>(high.x - low.x) + 2 * margin + 1,
                       static_cast<int>(high.y - low.y) + 2 * margin + 1);
    return box & cv::Rect({}, size);
}

std::vector<cv::Point2d> placed(const json::array& list, Paper& paper) {
    std::vector<cv::Point2d> points;
    for (const auto& point : list) points.push_back(paper.place(point));
    return points;
}

std::vector<cv::Point> fine_points(const std::vector<cv::Point2d>& points, cv::Rect box) {
    std::vector<cv::Point> list;
    list.reserve(points.size());
    for (const cv::Point2d p : points) list.push_back(fine(p - cv::Point2d(box.tl())));
    return list;
}

void draw_polygon(const json::array& list, Paper& paper) {
    const auto points = placed(list, paper);
    const cv::Rect box = around(points, 0, paper.mask.size());
    cv::Mat one = cv::Mat::zeros(box.size(), CV_8U);
    cv::fillPoly(one, std::vector{fine_points(points, box)}, cv::Scalar(255), cv::LINE_8, subpixel_bits);
    cv::Mat part = paper.mask(box);
    cv::max(part, one, part);  // two polygons that overlap are both inside
}

// A thin line, then everything near it: 2000 wide discs drawn one by one would keep a worker busy for hours.
void draw_stroke(const json::object& stroke, Paper& paper) {
    const double long_side = std::max(paper.mask.cols, paper.mask.rows);
    const double radius = std::max(0.5, number(stroke.at("width")) * long_side / 2);
    const auto points = placed(stroke.at("points").as_array(), paper);
    const cv::Rect box = around(points, radius, paper.mask.size());
    cv::Mat paper_around(box.size(), CV_8U, cv::Scalar(255)), distance;
    std::vector<cv::Point> line = fine_points(points, box);
    line.push_back(line.back());  // a single point is a line too
    cv::polylines(paper_around, std::vector{line}, false, cv::Scalar(0), 1, cv::LINE_8, subpixel_bits);
    cv::distanceTransform(paper_around, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    paper.mask(box).setTo(cv::Scalar(255), distance <= radius);
}

const json::array* list_of(const json::object& region, std::string_view name) {
    const auto* value = region.if_contains(name);
    return value != nullptr ? value->if_array() : nullptr;
}

int draw_all(const json::object& region, Paper& paper) {
    int drawn = 0;
    if (const auto* boxes = list_of(region, "boxes")) {
        for (const auto& box : *boxes) draw_box(box.as_array(), paper);
        drawn += static_cast<int>(boxes->size());
    }
    if (const auto* polygons = list_of(region, "polygons")) {
        for (const auto& polygon : *polygons) draw_polygon(polygon.as_array(), paper);
        drawn += static_cast<int>(polygons->size());
    }
    if (const auto* strokes = list_of(region, "strokes")) {
        for (const auto& stroke : *strokes) draw_stroke(stroke.as_object(), paper);
        drawn += static_cast<int>(strokes->size());
    }
    return drawn;
}

// Light around the region: the upper quartile of the pixels in a ring, so that the shadow itself and dark
// things nearby do not count.
double light_around(const cv::Mat& grey, const cv::Mat& region, int reach) {
    cv::Mat near;
    cv::dilate(region, near, cv::getStructuringElement(cv::MORPH_RECT, {2 * reach + 1, 2 * reach + 1}));
    std::vector<uchar> tones;
    for (int y = 0; y < grey.rows; ++y) {
        for (int x = 0; x < grey.cols; ++x) {
            if (near.at<uchar>(y, x) != 0 && region.at<uchar>(y, x) == 0)
                tones.push_back(grey.at<uchar>(y, x));
        }
    }
    if (tones.empty()) return 0;
    const auto upper = static_cast<std::ptrdiff_t>(tones.size() * 3 / 4);
    std::nth_element(tones.begin(), tones.begin() + upper, tones.end());
    return tones[static_cast<std::size_t>(upper)];
}

}  // namespace

bool names_mask(const json::object& params) {
    const auto* region = params.if_contains("region");
    const auto* members = region != nullptr ? region->if_object() : nullptr;
    const auto* name = members != nullptr ? members->if_contains("mask") : nullptr;
    return name != nullptr && name->is_string();
}

Result<cv::Mat, OperationError> draw_region(const json::object& params, cv::Size size, const cv::Mat& mask) {
    if (names_mask(params)) {
        if (mask.empty())
            return Fail(OperationError{"input_missing", "The mask that region.mask names is missing."});
        if (mask.size() != size)
            return Fail(OperationError{"mask_size_mismatch", "The mask is not as large as the picture."});
        if (cv::countNonZero(mask) == 0) {
            return Fail(OperationError{"region_missing",
                                       "The mask marks nothing: no pixel of it is 128 or brighter."});
        }
        return mask.clone();
    }
    const bool pixels = word_param(params, "units", "norm") == "px";
    Paper paper{.mask = cv::Mat::zeros(size, CV_8U),
                .unit = pixels ? cv::Point2d(1, 1) : cv::Point2d(size.width, size.height)};
    const auto* region = params.if_contains("region");
    const int drawn = region != nullptr && region->is_object() ? draw_all(region->get_object(), paper) : 0;
    if (paper.outside) {
        return Fail(
            OperationError{"region_out_of_bounds", "The region reaches outside the picture, which has " +
                                                       std::to_string(size.width) + " x " +
                                                       std::to_string(size.height) + " pixels."});
    }
    if (drawn == 0 || cv::countNonZero(paper.mask) == 0)
        return Fail(OperationError{"region_missing", "The region holds no pixel of the picture."});
    return paper.mask;
}

void include_shadow(const cv::Mat& picture, cv::Mat& region) {
    const cv::Rect box = cv::boundingRect(region);
    const int reach = std::max(4, std::max(box.width, box.height) / 4);
    // Shadows fall to the side as well as down, but hardly further than the thing is high.
    const cv::Rect area = cv::Rect(box.x - box.width / 2 - reach, box.y + box.height / 2,
                                   2 * box.width + 2 * reach, box.height / 2 + box.height + reach) &
                          cv::Rect({}, region.size());
    cv::Mat grey, dark, labels;
    cv::cvtColor(picture(area), grey, picture.channels() == 4 ? cv::COLOR_RGBA2GRAY : cv::COLOR_RGB2GRAY);
    cv::GaussianBlur(grey, grey, {}, 1.5);
    const cv::Mat inside = region(area);
    const double light = light_around(grey, inside, reach);
    dark = grey < shadow_darkening * light;
    // What is nearly black is a thing of its own, not a shadow.
    dark.setTo(cv::Scalar(0), grey < 0.15 * light);
    cv::bitwise_or(dark, inside, dark);
    const int count = cv::connectedComponents(dark, labels, 8, CV_32S);
    std::vector<uchar> touches(static_cast<std::size_t>(count), 0);
    for (int y = 0; y < labels.rows; ++y) {
        for (int x = 0; x < labels.cols; ++x) {
            if (inside.at<uchar>(y, x) != 0) touches[static_cast<std::size_t>(labels.at<int>(y, x))] = 255;
        }
    }
    for (int y = 0; y < labels.rows; ++y) {
        for (int x = 0; x < labels.cols; ++x) {
            if (touches[static_cast<std::size_t>(labels.at<int>(y, x))] != 0)
                region.at<uchar>(area.y + y, area.x + x) = 255;
        }
    }
}

}  // namespace darkroom::imaging
