// Making pictures smaller, by Lanczos, in strips: the larger picture need not stand in memory.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>
#include <vips/vips8>

namespace darkroom::imaging {

struct Size {
    int width = 0;
    int height = 0;
};

/// The largest size of the same aspect within both limits; `size` itself if it fits.
Size fitting_size(Size size, std::uint64_t pixels_max, std::uint32_t side_max);

/// `image` has 3 or 4 bands; colours are weighed by alpha, so nothing hidden bleeds in. Computed when read.
vips::VImage reduce_lanczos(const vips::VImage& image, Size size);

/// The same for pixels in memory, of 1, 3 or 4 channels.
cv::Mat reduce_lanczos(const cv::Mat& pixels, Size size);

/// A view of `pixels` for libvips, without a copy; `pixels` must be continuous and outlive it.
vips::VImage view_of(const cv::Mat& pixels);

}  // namespace darkroom::imaging
