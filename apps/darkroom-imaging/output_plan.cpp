#include "output_plan.h"

#include <algorithm>

#include "imaging/ops/param_values.h"

namespace darkroom::imaging {
namespace {

constexpr std::uint32_t preview_side = 625;

OutputFormat choose_format(std::string_view asked, core::ImageFormat input, bool has_alpha) {
    if (asked == "png") return OutputFormat::png;
    if (asked == "webp") return OutputFormat::webp;
    if (asked == "jpeg") return OutputFormat::jpeg;
    if (asked == "tiff") return OutputFormat::tiff;
    // auto: the input's own family where it can hold the result
    return !has_alpha && input == core::ImageFormat::jpeg ? OutputFormat::jpeg : OutputFormat::png;
}

}  // namespace

SharedParams read_shared_params(const boost::json::object& params) {
    SharedParams shared;
    shared.output_format = word_param(params, "output_format", "auto");
    shared.quality = std::clamp(static_cast<int>(number_param(params, "quality", 92)), 1, 100);
    const double megapixels = std::clamp(number_param(params, "max_output_mp", 24), 0.05, 64.0);
    shared.output_pixels_max = static_cast<std::uint64_t>(megapixels * 1e6);
    if (flag_param(params, "preview", false)) shared.output_side_max = preview_side;
    shared.metadata = word_param(params, "metadata", "keep_icc");
    if (const auto* png = params.if_contains("png"); png != nullptr && png->is_object()) {
        shared.png_compression =
            std::clamp(static_cast<int>(number_param(png->get_object(), "compression", 6)), 0, 9);
        shared.png_palette = flag_param(png->get_object(), "palette", false);
    }
    return shared;
}

EncodeOptions plan_encoding(const SharedParams& shared, const Picture& input, bool result_has_alpha) {
    EncodeOptions options;
    options.format = choose_format(shared.output_format, input.format, result_has_alpha);
    options.quality = shared.quality;
    options.png_compression = shared.png_compression;
    options.png_palette = shared.png_palette;
    options.tag_as_srgb = input.tagged && shared.metadata != "strip";
    if (shared.metadata == "keep_all") options.metadata = input.metadata;
    return options;
}

}  // namespace darkroom::imaging
