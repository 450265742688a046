#include "imaging/ops/operations.h"

namespace darkroom::imaging {
namespace {

constexpr OperationTraits table[] = {
    {.type = "bg_remove", .run = bg_remove, .keeps_16_bit = false, .reduces_first = true},
    {.type = "composite_through_region",
     .run = composite_through_region,
     .keeps_16_bit = false,
     .reduces_first = true},
    {.type = "cutout_subject", .run = cutout_subject, .keeps_16_bit = false, .reduces_first = false},
    {.type = "jpeg_to_png", .run = jpeg_to_png, .keeps_16_bit = true, .reduces_first = true},
    {.type = "object_remove", .run = object_remove, .keeps_16_bit = false, .reduces_first = true},
    {.type = "restore", .run = restore, .keeps_16_bit = false, .reduces_first = true},
    {.type = "upscale_2k", .run = upscale_2k, .keeps_16_bit = true, .reduces_first = false},
    {.type = "white_bg_ecomm",
     .run = white_bg_ecomm,
     .keeps_16_bit = false,
     .reduces_first = false,
     .inspect = inspect_white_bg_ecomm},
};

}  // namespace

const OperationTraits* find_operation(std::string_view type) {
    for (const auto& row : table) {
        if (row.type == type) return &row;
    }
    return nullptr;
}

}  // namespace darkroom::imaging
