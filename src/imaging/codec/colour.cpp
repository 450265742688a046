#include "imaging/codec/colour.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <opencv2/imgproc.hpp>

#include "imaging/codec/icc_profile.h"

namespace darkroom::imaging {
namespace {

using vips::VImage;

bool has_srgb_profile(const VImage& image) {
    std::size_t bytes = 0;
    const void* profile = image.get_blob(VIPS_META_ICC_NAME, &bytes);
    return is_srgb_profile({static_cast<const std::uint8_t*>(profile), bytes});
}

VImage through_profile(const VImage& image, bool keep_16_bit) {
    return image.icc_transform("srgb", VImage::option()
                                           ->set("embedded", TRUE)
                                           ->set("intent", VIPS_INTENT_RELATIVE)
                                           ->set("depth", keep_16_bit ? 16 : 8));
}

// A profile that lcms cannot use is as good as none: the picture is worth more than its profile.
VImage apply_profile(const VImage& image, bool keep_16_bit) {
    try {
        return through_profile(image, keep_16_bit);
    } catch (const vips::VError&) {
        vips_error_clear();
        return image;
    }
}

VImage as_rgb(const VImage& image, VipsInterpretation wanted) {
    const VipsInterpretation is = image.interpretation();
    if (is == wanted) return image;
    // Channels without a stated meaning: taken as grey or RGB, which is what such files mostly are.
    if (is == VIPS_INTERPRETATION_MULTIBAND) {
        const auto meant = image.bands() >= 3                    ? wanted
                           : wanted == VIPS_INTERPRETATION_RGB16 ? VIPS_INTERPRETATION_GREY16
                                                                 : VIPS_INTERPRETATION_B_W;
        return image.copy(VImage::option()->set("interpretation", meant)).colourspace(wanted);
    }
    return image.colourspace(wanted);
}

}  // namespace

bool is_srgb_already(const VImage& image, bool keep_16_bit) {
    const bool other_profile = image.get_typeof(VIPS_META_ICC_NAME) != 0 && !has_srgb_profile(image);
    const bool narrow =
        image.interpretation() == VIPS_INTERPRETATION_sRGB && image.format() == VIPS_FORMAT_UCHAR;
    const bool wide =
        image.interpretation() == VIPS_INTERPRETATION_RGB16 && image.format() == VIPS_FORMAT_USHORT;
    return !other_profile && (image.bands() == 3 || image.bands() == 4) && (narrow || (wide && keep_16_bit));
}

VImage convert_to_srgb(VImage image, bool keep_16_bit, bool& tagged) {
    tagged = image.get_typeof(VIPS_META_ICC_NAME) != 0;
    if (tagged && !has_srgb_profile(image)) image = apply_profile(image, keep_16_bit);
    const bool wide = keep_16_bit && image.format() != VIPS_FORMAT_UCHAR;
    image = as_rgb(image, wide ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB);
    if (image.bands() > 4) image = image.extract_band(0, VImage::option()->set("n", 4));
    if (image.bands() == 2) {  // grey and alpha that colourspace left alone
        const VImage grey = image.extract_band(0);
        image = grey.bandjoin(grey).bandjoin(grey).bandjoin(image.extract_band(1));
    } else if (image.bands() == 1) {
        image = image.bandjoin(image).bandjoin(image);
    }
    return image.cast(wide ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR);
}

void drop_opaque_alpha(cv::Mat& pixels) {
    if (pixels.channels() != 4) return;
    const int opaque = pixels.depth() == CV_16U ? 65'535 : 255;
    std::atomic<bool> transparent = false;
    cv::parallel_for_(cv::Range(0, pixels.rows), [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end && !transparent; ++y) {
            for (int x = 0; x < pixels.cols; ++x) {
                const int alpha = opaque == 255 ? pixels.ptr<std::uint8_t>(y)[4 * x + 3]
                                                : pixels.ptr<std::uint16_t>(y)[4 * x + 3];
                if (alpha != opaque) transparent = true;
            }
        }
    });
    if (transparent) return;
    cv::Mat rgb;
    cv::cvtColor(pixels, rgb, cv::COLOR_RGBA2RGB);
    pixels = rgb;
}

}  // namespace darkroom::imaging
