// A decoded picture as the operations take it, with what is needed to write its result in the same spirit.
#pragma once
#include <opencv2/core.hpp>
#include <vips/vips8>

#include "core/image_header.h"

namespace darkroom::imaging {

struct Picture {
    cv::Mat pixels;  // sRGB, upright; 3 (RGB) or 4 (RGBA, straight, some pixel not opaque) channels of 8 or
                     // 16 bits
    cv::Size full_size;                                 // upright, before it was reduced
    core::ImageFormat format = core::ImageFormat::png;  // of the file
    int pages = 1;                                      // pictures in the file, of which this is the first
    bool tagged = false;      // the file had a colour profile, so its results get sRGB's
    bool reduced = false;     // smaller than in the file, as asked
    vips::VImage metadata{};  // carries EXIF, XMP and IPTC fields for metadata: keep_all; null without any
};

}  // namespace darkroom::imaging
