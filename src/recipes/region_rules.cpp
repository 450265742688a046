// object_remove's region: what its schema cannot say. Regions in pixels are held against the picture where
// the work is done; here nobody knows its size.
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/type_rules.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

// Shares such as 0.7 + 0.3 need not add up exactly.
constexpr double slack = 1e-6;

double number(const json::value& value) { return value.to_number<double>(); }
bool inside(double share) { return share >= -slack && share <= 1 + slack; }

struct Place {
    std::string pointer;
    bool shares;  // coordinates are shares of the picture
    std::vector<ParamProblem>& problems;

    void outside(const std::string& where) const {
        problems.push_back({where, problem_code::region_out_of_bounds,
                            "the region reaches outside the picture: shares are between 0 and 1 (units: px "
                            "says that pixels are meant)"});
    }
};

// One problem for each list is enough: where units are wrong, all of its points are.
void check_boxes(const json::array& boxes, const Place& place) {
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const auto& box = boxes[i].as_array();
        const auto where = place.pointer + "/" + std::to_string(i);
        const double x = number(box[0]), y = number(box[1]), width = number(box[2]), height = number(box[3]);
        if (width <= 0 || height <= 0) {
            place.problems.push_back(
                {where, problem_code::params_invalid, "a box must have a width and a height above 0"});
            return;
        }
        const bool fits = inside(x) && inside(y) && inside(x + width) && inside(y + height);
        if (place.shares && !fits) return place.outside(where);
    }
}

bool all_inside(const json::array& points) {
    for (const auto& point : points) {
        if (!inside(number(point.as_array()[0])) || !inside(number(point.as_array()[1]))) return false;
    }
    return true;
}

void check_outlines(const json::array& outlines, const Place& place) {
    if (!place.shares) return;
    for (std::size_t i = 0; i < outlines.size(); ++i) {
        const auto* stroke = outlines[i].if_object();
        const auto& points = stroke != nullptr ? stroke->at("points").as_array() : outlines[i].as_array();
        if (!all_inside(points)) return place.outside(place.pointer + "/" + std::to_string(i));
    }
}

void check_object_remove(const json::object& effective, std::vector<ParamProblem>& problems) {
    const auto& region = effective.at("region").as_object();
    const bool shares = effective.at("units") == "norm";
    const auto* mask = region.if_contains("mask");  // which input that is, is seen where the inputs are
    int given = mask != nullptr && mask->is_string() ? 1 : 0;
    for (const std::string_view name : {"boxes", "polygons", "strokes"}) {
        const auto* list = region.at(name).if_array();
        if (list == nullptr) continue;
        ++given;
        const Place place{"/params/region/" + std::string(name), shares, problems};
        name == "boxes" ? check_boxes(*list, place) : check_outlines(*list, place);
    }
    if (given == 0) {
        problems.push_back({"/params/region", problem_code::region_missing,
                            "region must say what is to be removed: mask, boxes, polygons or strokes"});
    } else if (given > 1) {
        problems.push_back({"/params/region", problem_code::params_invalid,
                            "region must have only one of mask, boxes, polygons and strokes"});
    }
}

}  // namespace

TypeRules object_remove_rules() { return {leave, check_object_remove}; }

}  // namespace darkroom::recipes
