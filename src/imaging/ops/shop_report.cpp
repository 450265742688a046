// The last look at a product picture: the file is held against the shop's rules, one check after the other,
// and nothing is believed that was not read back from it.
#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <cstdio>
#include <opencv2/imgproc.hpp>
#include <string>

#include "imaging/ops/param_values.h"
#include "imaging/ops/shop_rules.h"
#include "imaging/ops/written_file.h"

namespace darkroom::imaging {
namespace {

namespace json = boost::json;

class Report {
public:
    void add(const char* check, json::value value, json::value limit, bool pass) {
        list_.push_back(json::object{
            {"check", check}, {"value", std::move(value)}, {"limit", std::move(limit)}, {"pass", pass}});
        if (!pass) failed_ += (failed_.empty() ? "" : ", ") + std::string(check);
    }
    /// The names of the checks that failed.
    const std::string& failed() const { return failed_; }
    json::array take() { return std::move(list_); }

private:
    json::array list_;
    std::string failed_;
};

cv::Mat differs(const cv::Mat& pixels, cv::Vec3b colour) {
    cv::Mat same;
    const cv::Scalar exact(colour[0], colour[1], colour[2], 255);
    cv::inRange(pixels, exact, exact, same);
    return ~same;
}

/// Pixels that have to be background: further than `distance` from all that is visible.
cv::Mat far_from(const cv::Mat& mask, int distance) {
    if (cv::countNonZero(mask) == 0) return cv::Mat(mask.size(), CV_8U, cv::Scalar(255));
    cv::Mat away;
    cv::distanceTransform(mask == 0, away, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    return away > distance;
}

/// A frame drawn around the picture: a whole edge, or most of it, that is not background.
bool has_border(const cv::Mat& wrong) {
    const auto mostly = [](const cv::Mat& line) {
        return 2 * cv::countNonZero(line) > static_cast<int>(line.total());
    };
    return mostly(wrong.row(0)) || mostly(wrong.row(wrong.rows - 1)) || mostly(wrong.col(0)) ||
           mostly(wrong.col(wrong.cols - 1));
}

double border_share(const cv::Mat& wrong) {
    const int lit = cv::countNonZero(wrong.row(0)) + cv::countNonZero(wrong.row(wrong.rows - 1)) +
                    cv::countNonZero(wrong.col(0)) + cv::countNonZero(wrong.col(wrong.cols - 1));
    return 1 - static_cast<double>(lit) / (2.0 * (wrong.rows + wrong.cols));
}

std::string hex(cv::Vec3b colour) {
    char text[8];
    std::snprintf(text, sizeof text, "#%02X%02X%02X", colour[0], colour[1], colour[2]);
    return text;
}

void check_background(Report& report, const EcommParams& params, int astray) {
    const bool allowed = !params.rules.white || params.background == cv::Vec3b(255, 255, 255);
    report.add("background_exact", astray, 0, astray == 0);
    if (params.rules.white)
        report.add("background_white", json::string(hex(params.background)), "#FFFFFF", allowed);
}

void check_sizes(Report& report, const EcommParams& params, cv::Size written) {
    const ShopRules& rules = params.rules;
    // A preview stands for the picture that would be made without it.
    const cv::Size size = params.preview ? params.size : written;
    const int longer = std::max(size.width, size.height);
    const int shorter = std::min(size.width, size.height);
    const bool small = longer < rules.long_side_min || shorter < rules.short_side_min;
    report.add("min_size", rules.short_side_min > 0 ? shorter : longer,
               std::max(rules.long_side_min, rules.short_side_min), !small);
    if (rules.long_side_max > 0)
        report.add("max_size", longer, rules.long_side_max, longer <= rules.long_side_max);
    if (rules.megapixels_max > 0) {
        const double megapixels = size.width * 1e-6 * size.height;
        report.add("max_megapixels", megapixels, rules.megapixels_max, megapixels <= rules.megapixels_max);
    }
}

void check_file(Report& report, const EcommParams& params, const WrittenFile& file) {
    const bool known = file.content_type == "image/jpeg" || file.content_type == "image/png" ||
                       (params.rules.webp && file.content_type == "image/webp");
    report.add("format", json::string(file.content_type.data(), file.content_type.size()),
               params.rules.webp ? "image/jpeg, image/png, image/webp" : "image/jpeg, image/png", known);
    report.add("colour_space", file.pixels.channels() == 4 ? "sRGB with alpha" : "sRGB", "sRGB",
               file.pixels.channels() == 3);
    if (params.rules.file_bytes_max > 0) {
        report.add("file_size", static_cast<std::int64_t>(file.bytes),
                   static_cast<std::int64_t>(params.rules.file_bytes_max),
                   file.bytes <= params.rules.file_bytes_max);
    }
}

void check_subject(Report& report, const EcommParams& params, const json::object& measures) {
    const double fill = number_param(measures, "frame_fill", 0);
    report.add("fill", fill, json::array{params.rules.fill_min, params.rules.fill_max},
               fill >= params.rules.fill_min && fill <= params.rules.fill_max + 0.002);  // half a pixel or so
    const auto cropped = word_param(measures, "subject_cropped", "unknown");
    report.add("subject_cropped", json::string(cropped.data(), cropped.size()), "no",
               cropped != "yes" || !params.rules.whole_subject);
}

}  // namespace

Inspection inspect_white_bg_ecomm(const WrittenFile& file, const OperationOutput& output,
                                  const json::object& given) {
    const EcommParams params = read_ecomm_params(given);
    const cv::Mat wrong = differs(file.pixels, params.background);
    const int astray = cv::countNonZero(wrong & far_from(output.mask, params.white_distance_px));
    Report report;
    check_background(report, params, astray);
    check_subject(report, params, output.measures);
    check_sizes(report, params, file.pixels.size());
    check_file(report, params, file);
    const bool border = has_border(wrong & (output.mask == 0));
    report.add("border_present", border, false, !border);

    Inspection inspection;
    inspection.encode_better = astray > 0;
    inspection.measures["white_border_fraction"] = std::round(border_share(wrong) * 1e4) / 1e4;
    if (!report.failed().empty()) {
        const std::string what = "The picture does not keep the rules of " +
                                 std::string(params.rules.preset) + ": " + report.failed() + ".";
        if (params.strict) inspection.error = OperationError{"compliance_failed", what};
        if (!params.strict) inspection.warnings.push_back({"not_compliant", what});
    }
    inspection.measures["report"] = report.take();
    return inspection;
}

}  // namespace darkroom::imaging
