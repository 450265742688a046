#include "imaging/ops/cutout_subject_params.h"

#include <algorithm>
#include <string_view>

#include "imaging/ops/param_shapes.h"
#include "imaging/ops/param_values.h"

namespace darkroom::imaging {
namespace {

const boost::json::object* section(const boost::json::object& params, std::string_view key) {
    const auto* value = params.if_contains({key.data(), key.size()});
    return value != nullptr ? value->if_object() : nullptr;
}

Select select_of(std::string_view mode) {
    if (mode == "largest") return Select::largest;
    if (mode == "all") return Select::all;
    if (mode == "point") return Select::point;
    return mode == "box" ? Select::box : Select::central;
}

void read_select(const boost::json::object& params, CutoutSubjectParams& read) {
    const auto* select = section(params, "select");
    if (select == nullptr) {
        read.select = select_of(word_param(params, "select", "central"));
        return;
    }
    const auto point = numbers_param<2>(*select, "point");
    const auto box = numbers_param<4>(*select, "box");
    const char* meant = point ? "point" : box ? "box" : "central";
    read.select = select_of(word_param(*select, "mode", meant));
    if (point) read.point = {(*point)[0], (*point)[1]};
    if (box) read.box = {(*box)[0], (*box)[1], (*box)[2], (*box)[3]};
}

void read_canvas(const boost::json::object& params, CutoutSubjectParams& read) {
    read.square = word_param(params, "canvas", "tight") == "square";
    if (const auto size = numbers_param<2>(params, "canvas")) {
        const auto side = [](double value) { return static_cast<int>(std::clamp(value, 64.0, 8192.0)); };
        read.canvas = cv::Size(side((*size)[0]), side((*size)[1]));
    }
    read.align_bottom = word_param(params, "align", "centre") == "bottom";
}

}  // namespace

CutoutSubjectParams read_cutout_subject_params(const boost::json::object& params) {
    CutoutSubjectParams read;
    read.matte = read_bg_remove_params(params);
    read.matte.crop = false;
    read.matte.roi.reset();
    if (!params.contains("margin")) read.matte.margin.fill(0.02);
    read_select(params, read);
    read_canvas(params, read);
    if (const auto* outline = section(params, "outline")) {
        const double width = std::clamp(number_param(*outline, "width", 0.01), 0.0, 0.05);
        const auto color = colour_of(word_param(*outline, "color", "#FFFFFF"));
        if (width > 0) read.outline = OutlineParams{width, color.value_or(cv::Vec3b(255, 255, 255))};
    }
    return read;
}

}  // namespace darkroom::imaging
