#include "recipes/type_rules.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <string_view>
#include <utility>

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

bool is(const json::object& params, std::string_view name, std::string_view word) {
    const auto* text = params.at(name).if_string();
    return text != nullptr && std::string_view(text->data(), text->size()) == word;
}

void expand_bg_remove(json::object& params) {
    if (auto* halo = params.if_contains("halo"); halo != nullptr && halo->is_bool()) {
        const bool on = halo->get_bool();
        *halo = json::object{{"mode", on ? "auto" : "off"}};
    }
    if (auto* shadow = params.if_contains("shadow"); shadow != nullptr && shadow->is_string()) {
        json::value mode = std::move(*shadow);
        *shadow = json::object{{"mode", std::move(mode)}};
    }
    if (auto* margin = params.if_contains("margin"); margin != nullptr && margin->is_number()) {
        const json::value side = *margin;
        *margin = json::array{side, side, side, side};
    }
}

void check_roi(const json::value& roi, std::vector<ParamProblem>& problems) {
    if (roi.is_null()) return;
    // Shares such as 0.7 + 0.3 need not add up exactly.
    constexpr double slack = 1e-6;
    const auto share = [&](std::size_t i) { return roi.as_array().at(i).to_number<double>(); };
    if (share(2) <= 0 || share(3) <= 0) {
        problems.push_back(
            {"/params/roi", problem_code::params_invalid, "roi must have a width and a height above 0"});
    } else if (share(0) + share(2) > 1 + slack || share(1) + share(3) > 1 + slack) {
        problems.push_back({"/params/roi", problem_code::params_invalid,
                            "roi reaches outside the picture: x + width and y + height must be at most 1"});
    }
}

void check_bg_remove(const json::object& effective, std::vector<ParamProblem>& problems) {
    if (is(effective, "output_format", "jpeg") && is(effective, "background", "transparent")) {
        problems.push_back({"/params/output_format", problem_code::params_invalid,
                            "jpeg has no transparency: choose a background colour, or png or webp"});
    }
    const auto& margin = effective.at("margin").as_array();
    const bool some = std::any_of(margin.begin(), margin.end(),
                                  [](const json::value& side) { return side.to_number<double>() > 0; });
    if (some && !effective.at("crop").as_bool()) {
        problems.push_back(
            {"/params/margin", problem_code::params_invalid, "margin has a meaning only with crop: true"});
    }
    check_roi(effective.at("roi"), problems);
}

void check_jpeg_to_png(const json::object& effective, std::vector<ParamProblem>& problems) {
    if (is(effective, "output_format", "jpeg")) {
        problems.push_back(
            {"/params/output_format", problem_code::params_invalid,
             "jpeg has no transparency, and that is what this type makes: choose png, webp or tiff"});
    }
}

}  // namespace

TypeRules bg_remove_rules() { return {expand_bg_remove, check_bg_remove}; }
TypeRules upscale_2k_rules() { return {leave, accept}; }
TypeRules jpeg_to_png_rules() { return {leave, check_jpeg_to_png}; }

}  // namespace darkroom::recipes
