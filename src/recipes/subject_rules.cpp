// What the schemas of cutout_subject and white_bg_ecomm cannot say: their shorthands, the presets of shops,
// and which of their params must agree.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "recipes/type_rules.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

std::string_view word(const json::object& params, std::string_view name) {
    const auto& text = params.at(name).as_string();
    return {text.data(), text.size()};
}

void refuse(std::vector<ParamProblem>& problems, const char* pointer, std::string detail) {
    problems.push_back({pointer, problem_code::params_invalid, std::move(detail)});
}

void expand_select(json::value& select) {
    if (select.is_string()) {
        json::value mode = std::move(select);
        select = json::object{{"mode", std::move(mode)}};
        return;
    }
    json::object& asked = select.as_object();
    const auto given = [&](const char* name) {
        const auto* value = asked.if_contains(name);
        return value != nullptr && !value->is_null();
    };
    if (asked.contains("mode")) return;
    if (given("point")) asked["mode"] = "point";
    if (given("box")) asked["mode"] = "box";
}

void expand_cutout_subject(json::object& params) {
    bg_remove_rules().expand(params);
    if (auto* select = params.if_contains("select")) expand_select(*select);
}

void check_select(const json::object& select, std::vector<ParamProblem>& problems) {
    const bool point = !select.at("point").is_null();
    const bool box = !select.at("box").is_null();
    const auto mode = word(select, "mode");
    if (point && box) {
        refuse(problems, "/params/select", "select takes a point or a box, not both");
    } else if (point != (mode == "point") || box != (mode == "box")) {
        refuse(problems, "/params/select/mode",
               "select.mode must be point with a point, box with a box, and something else with neither");
    }
    if (!box) return;
    constexpr double slack = 1e-6;  // shares such as 0.7 + 0.3 need not add up exactly
    const auto share = [&](std::size_t i) { return select.at("box").as_array().at(i).to_number<double>(); };
    if (share(2) <= 0 || share(3) <= 0) {
        refuse(problems, "/params/select/box", "select.box must have a width and a height above 0");
    } else if (share(0) + share(2) > 1 + slack || share(1) + share(3) > 1 + slack) {
        refuse(problems, "/params/select/box",
               "select.box reaches outside the picture: x + width and y + height must be at most 1");
    }
}

/// A result that would have to be made smaller than its exact size is no exact size.
void check_area(const json::value& size, const json::object& params, const char* pointer,
                std::vector<ParamProblem>& problems) {
    if (!size.is_array()) return;
    const double megapixels =
        size.as_array().at(0).to_number<double>() * size.as_array().at(1).to_number<double>() * 1e-6;
    if (megapixels > params.at("max_output_mp").to_number<double>()) {
        refuse(problems, pointer,
               std::string(pointer + sizeof("/params/") - 1) +
                   " has more megapixels than max_output_mp allows; make one of them fit the other");
    }
}

void check_cutout_subject(const json::object& effective, std::vector<ParamProblem>& problems) {
    if (word(effective, "output_format") == "jpeg" && word(effective, "background") == "transparent") {
        refuse(problems, "/params/output_format",
               "jpeg has no transparency: choose a background colour, or png or webp");
    }
    const bool kept = effective.at("shadow").at("mode") == "keep";
    if (kept && !effective.at("outline").is_null()) {
        refuse(problems, "/params/outline",
               "an outline would stand in the photo's own shadow: choose another shadow, or no outline");
    }
    check_select(effective.at("select").as_object(), problems);
    check_area(effective.at("canvas"), effective, "/params/canvas", problems);
}

struct ShopPreset {
    std::string_view name;
    int side;
    double fill;
};

constexpr ShopPreset shop_presets[] = {{"ebay", 1600, 0.85}, {"google_shopping", 1500, 0.82}};

// The schema's own defaults are those of amazon_main.
void expand_white_bg_ecomm(json::object& params) {
    bg_remove_rules().expand(params);
    if (const auto* sent = params.if_contains("preset")) {
        const json::value preset = *sent;  // adding members moves them
        for (const auto& shop : shop_presets) {
            if (preset != json::string_view(shop.name.data(), shop.name.size())) continue;
            if (!params.contains("size")) params["size"] = shop.side;
            if (!params.contains("fill")) params["fill"] = shop.fill;
        }
    }
    if (auto* size = params.if_contains("size"); size != nullptr && size->is_number()) {
        const json::value side = *size;
        *size = json::array{side, side};
    }
}

void check_white_bg_ecomm(const json::object& effective, std::vector<ParamProblem>& problems) {
    check_area(effective.at("size"), effective, "/params/size", problems);
    const bool strict = effective.at("strict").as_bool();
    const bool shop = word(effective, "preset") != "custom";
    std::string background(word(effective, "background"));
    for (char& letter : background) letter = letter >= 'a' && letter <= 'f' ? letter - 'a' + 'A' : letter;
    if (strict && shop && background != "#FFFFFF") {
        refuse(problems, "/params/background",
               "shops take white alone: choose #FFFFFF, preset custom, or strict false");
    }
}

}  // namespace

TypeRules cutout_subject_rules() { return {expand_cutout_subject, check_cutout_subject}; }
TypeRules white_bg_ecomm_rules() { return {expand_white_bg_ecomm, check_white_bg_ecomm}; }

}  // namespace darkroom::recipes
