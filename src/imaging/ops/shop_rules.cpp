#include "imaging/ops/shop_rules.h"

#include <algorithm>

#include "imaging/ops/param_shapes.h"
#include "imaging/ops/param_values.h"

namespace darkroom::imaging {
namespace {

constexpr std::uint64_t megabyte = 1'000'000;

// Google's 500 x 500 is its rule from 31 January 2027; before, less was enough.
constexpr ShopRules shops[] = {
    {.preset = "custom"},
    {.preset = "amazon_main",
     .fill_min = 0.85,
     .long_side_min = 500,
     .long_side_recommended = 1000,
     .long_side_max = 10'000,
     .white = true,
     .whole_subject = true,
     .webp = false},
    {.preset = "ebay",
     .long_side_min = 500,
     .file_bytes_max = 12 * megabyte,
     .white = true,
     .whole_subject = true},
    {.preset = "google_shopping",
     .fill_min = 0.75,
     .fill_max = 0.90,
     .short_side_min = 500,
     .megapixels_max = 64,
     .file_bytes_max = 16 * megabyte,
     .white = true,
     .whole_subject = true},
};

int side_of(double value) { return static_cast<int>(std::clamp(value, 200.0, 10'000.0)); }

}  // namespace

const ShopRules& shop_rules(std::string_view preset) {
    for (const ShopRules& shop : shops) {
        if (shop.preset == preset) return shop;
    }
    return shops[0];
}

EcommParams read_ecomm_params(const boost::json::object& params) {
    EcommParams read;
    read.rules = shop_rules(word_param(params, "preset", "amazon_main"));
    const int side = side_of(number_param(params, "size", 2000));
    read.size = {side, side};
    if (const auto size = numbers_param<2>(params, "size"))
        read.size = {side_of((*size)[0]), side_of((*size)[1])};
    read.fill = std::clamp(number_param(params, "fill", 0.9), 0.3, 1.0);
    read.align_bottom = word_param(params, "align", "centre") == "bottom";
    read.background = colour_of(word_param(params, "background", "#FFFFFF")).value_or(read.background);
    read.shadow = read_bg_remove_params(params).shadow;
    read.allow_upscale = flag_param(params, "allow_upscale", true);
    read.white_distance_px =
        static_cast<int>(std::clamp(number_param(params, "white_distance_px", 12), 0.0, 64.0));
    read.tone = word_param(params, "tone", "off") == "auto";
    read.strict = flag_param(params, "strict", true);
    read.preview = flag_param(params, "preview", false);
    return read;
}

}  // namespace darkroom::imaging
