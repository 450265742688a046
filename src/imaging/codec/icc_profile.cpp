#include "imaging/codec/icc_profile.h"

#include <array>
#include <cmath>
#include <cstring>
#include <optional>

namespace darkroom::imaging {
namespace {

using Bytes = std::span<const std::uint8_t>;

std::optional<std::uint32_t> u32(Bytes bytes, std::size_t at) {
    if (at > bytes.size() || bytes.size() - at < 4) return std::nullopt;
    return std::uint32_t{bytes[at]} << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
}

bool is_text(Bytes bytes, std::size_t at, const char* text) {
    return at <= bytes.size() && bytes.size() - at >= 4 && std::memcmp(bytes.data() + at, text, 4) == 0;
}

double fixed(Bytes bytes, std::size_t at) {
    return static_cast<std::int32_t>(u32(bytes, at).value_or(0)) / 65536.0;
}

Bytes find_tag(Bytes profile, const char* name) {
    const std::uint32_t count = u32(profile, 128).value_or(0);
    for (std::uint32_t i = 0; i < count && i < 100; ++i) {
        const std::size_t entry = 132 + std::size_t{i} * 12;
        if (!is_text(profile, entry, name)) continue;
        const auto offset = u32(profile, entry + 4), bytes = u32(profile, entry + 8);
        if (!offset || !bytes || *offset > profile.size() || *bytes > profile.size() - *offset) return {};
        return profile.subspan(*offset, *bytes);
    }
    return {};
}

double srgb_curve(double x) { return x <= 0.04045 ? x / 12.92 : std::pow((x + 0.055) / 1.055, 2.4); }

double sampled_curve(Bytes tag, std::uint32_t count, double x) {
    const auto sample = [&](std::uint32_t i) { return (tag[12 + 2 * i] << 8 | tag[13 + 2 * i]) / 65535.0; };
    const double place = x * (count - 1);
    const auto low = static_cast<std::uint32_t>(place);
    const std::uint32_t high = low + 1 < count ? low + 1 : low;
    return sample(low) + (sample(high) - sample(low)) * (place - low);
}

double parametric_curve(Bytes tag, double x) {
    const double g = fixed(tag, 12), a = fixed(tag, 16), b = fixed(tag, 20), c = fixed(tag, 24),
                 d = fixed(tag, 28);
    return x >= d ? std::pow(a * x + b, g) : c * x;
}

// ICC.1:2010 §10.5 curveType and §10.15 parametricCurveType, of which type 3 is the form of sRGB.
bool is_srgb_curve(Bytes tag) {
    const std::uint32_t count = u32(tag, 8).value_or(0);
    const bool sampled = is_text(tag, 0, "curv") && count >= 16 && tag.size() >= 12 + std::size_t{count} * 2;
    const bool parametric = is_text(tag, 0, "para") && tag.size() >= 32 && tag[8] == 0 && tag[9] == 3;
    if (!sampled && !parametric) return false;
    for (const double x : {0.02, 0.1, 0.25, 0.5, 0.75, 0.95}) {
        const double y = sampled ? sampled_curve(tag, count, x) : parametric_curve(tag, x);
        if (!(std::abs(y - srgb_curve(x)) < 0.004)) return false;
    }
    return true;
}

bool is_primary(Bytes tag, const std::array<double, 3>& xyz) {
    if (!is_text(tag, 0, "XYZ ") || tag.size() < 20) return false;
    for (std::size_t i = 0; i < 3; ++i) {
        if (std::abs(fixed(tag, 8 + 4 * i) - xyz[i]) > 0.003) return false;
    }
    return true;
}

}  // namespace

bool is_srgb_profile(Bytes profile) {
    if (!is_text(profile, 36, "acsp") || !is_text(profile, 16, "RGB ")) return false;
    // Profiles with tables (A2B0) may do anything, whatever their primaries say.
    if (!find_tag(profile, "A2B0").empty()) return false;
    return is_primary(find_tag(profile, "rXYZ"), {0.4360, 0.2225, 0.0139}) &&
           is_primary(find_tag(profile, "gXYZ"), {0.3851, 0.7169, 0.0971}) &&
           is_primary(find_tag(profile, "bXYZ"), {0.1431, 0.0606, 0.7139}) &&
           is_srgb_curve(find_tag(profile, "rTRC")) && is_srgb_curve(find_tag(profile, "gTRC")) &&
           is_srgb_curve(find_tag(profile, "bTRC"));
}

}  // namespace darkroom::imaging
