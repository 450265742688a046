#include "imaging/ops/bg_remove_params.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <string_view>

#include "imaging/ops/param_shapes.h"

namespace darkroom::imaging {
namespace {

namespace json = boost::json;

const json::value* find(const json::object& object, std::string_view key) {
    return object.if_contains({key.data(), key.size()});
}

std::string_view text(const json::object& object, std::string_view key, std::string_view fallback) {
    const json::value* value = find(object, key);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : fallback;
}

double number(const json::object& object, std::string_view key, double fallback, double low, double high) {
    const json::value* value = find(object, key);
    return value == nullptr ? fallback : std::clamp(finite_or(*value, fallback), low, high);
}

bool flag(const json::object& object, std::string_view key, bool fallback) {
    const json::value* value = find(object, key);
    return value != nullptr && value->is_bool() ? value->get_bool() : fallback;
}

const json::object& section(const json::object& object, std::string_view key) {
    static const json::object empty;
    const json::value* value = find(object, key);
    return value != nullptr && value->is_object() ? value->get_object() : empty;
}

ShadowMode shadow_mode(std::string_view name) {
    if (name == "keep") return ShadowMode::keep;
    if (name == "drop") return ShadowMode::drop;
    if (name == "contact") return ShadowMode::contact;
    return name == "soft" ? ShadowMode::soft : ShadowMode::none;
}

ShadowParams read_shadow(const json::object& object) {
    ShadowParams shadow;
    shadow.mode = shadow_mode(text(object, "mode", "none"));
    shadow.opacity = number(object, "opacity", shadow.opacity, 0, 1);
    shadow.blur = number(object, "blur", shadow.blur, 0, 0.15);
    if (const auto offset = numbers_param<2>(object, "offset")) {
        shadow.offset = {std::clamp((*offset)[0], -0.5, 0.5), std::clamp((*offset)[1], -0.5, 0.5)};
    }
    const json::object& light = section(object, "light");
    shadow.light = {number(light, "x", shadow.light.x, -1, 1), number(light, "y", shadow.light.y, -1, 1),
                    number(light, "z", shadow.light.z, 0, 2)};
    shadow.light_size = number(light, "size", shadow.light_size, 0, 1);
    shadow.color = colour_of(text(object, "color", "#000000")).value_or(shadow.color);
    return shadow;
}

/// What kind of edge a kind of subject has, where the user leaves it open.
Edges edges_of(std::string_view edges, std::string_view subject) {
    if (edges == "hard") return Edges::hard;
    if (edges == "fine") return Edges::fine;
    if (subject == "person" || subject == "animal") return Edges::fine;  // hair, fur
    return subject == "graphic" ? Edges::hard : Edges::automatic;
}

HaloMode halo_mode(std::string_view name) {
    if (name == "off") return HaloMode::off;
    return name == "strong" ? HaloMode::strong : HaloMode::automatic;
}

}  // namespace

BgRemoveParams read_bg_remove_params(const json::object& object) {
    BgRemoveParams params;
    params.edges = edges_of(text(object, "edges", "auto"), text(object, "subject", "auto"));
    const json::object& halo = section(object, "halo");
    params.halo = halo_mode(text(halo, "mode", "auto"));
    params.shrink_px = number(halo, "shrink_px", 0, -8, 8);
    params.feather_px = number(halo, "feather_px", 0, 0, 16);
    params.shadow = read_shadow(section(object, "shadow"));
    params.background = colour_of(text(object, "background", "transparent"));
    params.crop = flag(object, "crop", false);
    if (const auto margin = numbers_param<4>(object, "margin")) {
        for (std::size_t i = 0; i < 4; ++i) params.margin[i] = std::clamp((*margin)[i], 0.0, 0.49);
    }
    if (const auto roi = numbers_param<4>(object, "roi"))
        params.roi = cv::Rect2d((*roi)[0], (*roi)[1], (*roi)[2], (*roi)[3]);
    params.alpha_only = text(object, "channels", "rgba") == "alpha";
    params.semitransparency = flag(object, "semitransparency", true);
    params.respect_existing_alpha = text(object, "existing_alpha", "respect") != "discard";
    params.min_confidence = number(object, "min_confidence", 0, 0, 1);
    params.fail_on_low_confidence = text(object, "on_low_confidence", "warn") == "fail";
    return params;
}

}  // namespace darkroom::imaging
