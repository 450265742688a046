// From pixels to an encoded file in an open descriptor. The same pixels and options give the same bytes, at
// any thread count.
#pragma once
#include <opencv2/core.hpp>
#include <string_view>
#include <vips/vips8>

#include "base/result.h"
#include "core/error_code.h"

namespace darkroom::imaging {

enum class OutputFormat { png, webp, jpeg, tiff };

std::string_view content_type(OutputFormat format);

struct EncodeOptions {
    OutputFormat format = OutputFormat::png;
    int quality = 92;          // JPEG and WebP; WebP of 100 is lossless
    int png_compression = 3;   // 0..9; above 3 photographs cost much time and win little
    bool full_chroma = false;  // of a JPEG at any quality; it has it from 90 on in any case
    bool png_palette = false;  // at most 256 colours
    bool tag_as_srgb = false;  // embed the sRGB profile; otherwise the file is untagged, which means the same
    vips::VImage metadata{};   // fields to carry along, see Picture; null for none
};

/// Takes 1, 3 or 4 channels of 8 or 16 bits. JPEG and WebP hold 8 bits; JPEG shows what is transparent on
/// white. Fails with storage_full where the disk is, else with worker_oom or internal. `file` is written from
/// its start.
Result<void, core::JobError> encode_picture(const cv::Mat& pixels, const EncodeOptions& options, int file);

}  // namespace darkroom::imaging
