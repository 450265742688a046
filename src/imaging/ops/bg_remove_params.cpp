#include "imaging/ops/bg_remove_params.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <string_view>

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

double number_of(const json::value& value, double fallback) {
    const double number = value.is_number() ? value.to_number<double>() : fallback;
    return std::isfinite(number) ? number : fallback;
}

double number(const json::object& object, std::string_view key, double fallback, double low, double high) {
    const json::value* value = find(object, key);
    return value == nullptr ? fallback : std::clamp(number_of(*value, fallback), low, high);
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

std::optional<cv::Vec3b> colour(std::string_view hex) {
    if (hex.size() != 7 || hex[0] != '#') return std::nullopt;
    unsigned rgb = 0;
    const auto [end, error] = std::from_chars(hex.data() + 1, hex.data() + 7, rgb, 16);
    if (error != std::errc() || end != hex.data() + 7) return std::nullopt;
    return cv::Vec3b(static_cast<uchar>(rgb >> 16U), static_cast<uchar>(rgb >> 8U), static_cast<uchar>(rgb));
}

/// Exactly `N` numbers, or nothing.
template <std::size_t N>
std::optional<std::array<double, N>> numbers(const json::object& object, std::string_view key) {
    const json::value* value = find(object, key);
    if (value == nullptr || !value->is_array() || value->get_array().size() != N) return std::nullopt;
    std::array<double, N> list{};
    for (std::size_t i = 0; i < N; ++i) list[i] = number_of(value->get_array()[i], 0);
    return list;
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
    if (const auto offset = numbers<2>(object, "offset")) {
        shadow.offset = {std::clamp((*offset)[0], -0.5, 0.5), std::clamp((*offset)[1], -0.5, 0.5)};
    }
    const json::object& light = section(object, "light");
    shadow.light = {number(light, "x", shadow.light.x, -1, 1), number(light, "y", shadow.light.y, -1, 1),
                    number(light, "z", shadow.light.z, 0, 2)};
    shadow.light_size = number(light, "size", shadow.light_size, 0, 1);
    shadow.color = colour(text(object, "color", "#000000")).value_or(shadow.color);
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
    params.background = colour(text(object, "background", "transparent"));
    params.crop = flag(object, "crop", false);
    if (const auto margin = numbers<4>(object, "margin")) {
        for (std::size_t i = 0; i < 4; ++i) params.margin[i] = std::clamp((*margin)[i], 0.0, 0.49);
    }
    if (const auto roi = numbers<4>(object, "roi"))
        params.roi = cv::Rect2d((*roi)[0], (*roi)[1], (*roi)[2], (*roi)[3]);
    params.alpha_only = text(object, "channels", "rgba") == "alpha";
    params.semitransparency = flag(object, "semitransparency", true);
    params.respect_existing_alpha = text(object, "existing_alpha", "respect") != "discard";
    params.min_confidence = number(object, "min_confidence", 0, 0, 1);
    params.fail_on_low_confidence = text(object, "on_low_confidence", "warn") == "fail";
    return params;
}

}  // namespace darkroom::imaging
