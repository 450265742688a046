#include "imaging/codec/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace darkroom::imaging {
namespace {

using vips::VImage;

VImage resize_exactly(const VImage& image, Size size) {
    return image.resize(double(size.width) / image.width(),
                        VImage::option()
                            ->set("vscale", double(size.height) / image.height())
                            ->set("kernel", VIPS_KERNEL_LANCZOS3));
}

VipsInterpretation meaning_of(const cv::Mat& pixels) {
    const bool wide = pixels.depth() == CV_16U;
    if (pixels.channels() == 1) return wide ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W;
    return wide ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB;
}

}  // namespace

Size fitting_size(Size size, std::uint64_t pixels_max, std::uint32_t side_max) {
    const double by_pixels = std::sqrt(double(pixels_max) / (double(size.width) * size.height));
    const double by_side = double(side_max) / std::max(size.width, size.height);
    const double scale = std::min({1.0, by_pixels, by_side});
    if (scale >= 1.0) return size;
    // Rounded down: rounding both sides up could pass the limit again.
    return {std::max(1, int(size.width * scale + 1e-6)), std::max(1, int(size.height * scale + 1e-6))};
}

VImage reduce_lanczos(const VImage& image, Size size) {
    const VipsBandFormat format = image.format();
    if (image.bands() != 4) return resize_exactly(image, size).cast(format);
    const double opaque = format == VIPS_FORMAT_USHORT ? 65'535 : 255;
    auto* full = VImage::option()->set("max_alpha", opaque);
    auto* full_again = VImage::option()->set("max_alpha", opaque);
    return resize_exactly(image.premultiply(full), size).unpremultiply(full_again).rint().cast(format);
}

VImage view_of(const cv::Mat& pixels) {
    DR_CHECK(pixels.isContinuous());
    const auto format = pixels.depth() == CV_16U ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR;
    const VImage view = VImage::new_from_memory(pixels.data, pixels.total() * pixels.elemSize(), pixels.cols,
                                                pixels.rows, pixels.channels(), format);
    return view.copy(VImage::option()->set("interpretation", meaning_of(pixels)));
}

cv::Mat reduce_lanczos(const cv::Mat& pixels, Size size) {
    const cv::Mat whole = pixels.isContinuous() ? pixels : pixels.clone();
    const VImage reduced = reduce_lanczos(view_of(whole), size);
    cv::Mat result(size.height, size.width, pixels.type());
    std::size_t bytes = 0;
    void* memory = reduced.write_to_memory(&bytes);
    DR_CHECK(bytes == result.total() * result.elemSize());
    std::memcpy(result.data, memory, bytes);
    g_free(memory);
    return result;
}

}  // namespace darkroom::imaging
