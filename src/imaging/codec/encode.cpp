#include "imaging/codec/encode.h"

#include <unistd.h>

#include <cerrno>

#include "imaging/codec/bare_file.h"
#include "imaging/codec/library.h"
#include "imaging/codec/metadata.h"
#include "imaging/codec/resize.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::JobError;
using vips::VImage;

VImage as_8_bit(const VImage& image) {
    if (image.format() == VIPS_FORMAT_UCHAR) return image;
    return image.colourspace(image.bands() < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB)
        .cast(VIPS_FORMAT_UCHAR);
}

VImage on_white(const VImage& image) {
    if (image.bands() != 4) return image;
    return image.flatten(VImage::option()->set("background", std::vector<double>{255, 255, 255}));
}

// libvips 8.14 writes an EXIF block with the resolution into WebP, `strip` or not.
void write_webp(const VImage& image, vips::VOption* options, bool bare, const vips::VTarget& target) {
    if (!bare) return image.webpsave_target(target, options);
    VipsBlob* blob = image.webpsave_buffer(options);
    std::size_t bytes = 0;
    const void* data = vips_blob_get(blob, &bytes);
    const auto file = bare_webp({static_cast<const char*>(data), bytes});
    vips_area_unref(VIPS_AREA(blob));
    VipsTarget* into = target.get_target();
    if (!file || vips_target_write(into, file->data(), file->size()) != 0 || vips_target_end(into) != 0)
        throw vips::VError();
}

void write(const VImage& image, const EncodeOptions& options, const vips::VTarget& target) {
    // `strip` would drop the profile as well. Without it libvips adds an EXIF block of its own to JPEG, with
    // the resolution.
    const bool tagged = options.tag_as_srgb && image.bands() >= 3;
    auto* common = VImage::option()->set("strip", options.metadata.is_null() && !tagged);
    if (tagged) common->set("profile", "srgb");
    switch (options.format) {
        case OutputFormat::png:
            image.pngsave_target(target,
                                 common->set("compression", options.png_compression)
                                     ->set("filter", options.png_palette ? VIPS_FOREIGN_PNG_FILTER_NONE
                                                                         : VIPS_FOREIGN_PNG_FILTER_ALL)
                                     ->set("palette", options.png_palette));
            break;
        case OutputFormat::webp:
            write_webp(image, common->set("Q", options.quality)->set("lossless", options.quality == 100),
                       options.metadata.is_null(), target);
            break;
        case OutputFormat::jpeg:
            // Full chroma where quality is asked for: half of it shows around red letters and product edges.
            image.jpegsave_target(target,
                                  common->set("Q", options.quality)
                                      ->set("optimize_coding", TRUE)
                                      ->set("subsample_mode", options.quality >= 90 || options.full_chroma
                                                                  ? VIPS_FOREIGN_SUBSAMPLE_OFF
                                                                  : VIPS_FOREIGN_SUBSAMPLE_ON));
            break;
        case OutputFormat::tiff:
            image.tiffsave_target(target, common->set("compression", VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE)
                                              ->set("predictor", VIPS_FOREIGN_TIFF_PREDICTOR_HORIZONTAL));
            break;
    }
}

// libvips reports a failed write as text; whether the disk is full is asked of the file itself.
JobError explain_encode_error(int file) {
    const char byte = 0;
    const bool refused = ::pwrite(file, &byte, 1, ::lseek(file, 0, SEEK_END)) != 1;
    if (refused && (errno == ENOSPC || errno == EDQUOT)) {
        return {ErrorCode::storage_full, "There is no space left for the result."};
    }
    if (refused && errno == EFBIG) return {ErrorCode::output_invalid, "The result is larger than allowed."};
    const JobError cause = take_decode_error();
    if (cause.code == ErrorCode::worker_oom) {
        return {ErrorCode::worker_oom, "There was not enough memory to write the result."};
    }
    return {ErrorCode::internal, "The result could not be written."};
}

}  // namespace

std::string_view content_type(OutputFormat format) {
    switch (format) {
        case OutputFormat::png:
            return "image/png";
        case OutputFormat::webp:
            return "image/webp";
        case OutputFormat::jpeg:
            return "image/jpeg";
        case OutputFormat::tiff:
            return "image/tiff";
    }
    return "application/octet-stream";
}

Result<void, JobError> encode_picture(const cv::Mat& pixels, const EncodeOptions& options, int file) {
    const cv::Mat whole = pixels.isContinuous() ? pixels : pixels.clone();
    try {
        VImage image = view_of(whole);
        if (options.format == OutputFormat::webp || options.format == OutputFormat::jpeg)
            image = as_8_bit(image);
        if (options.format == OutputFormat::jpeg) image = on_white(image);
        // 72 dpi says nothing, as it should; and fields are set on a copy of our own.
        image = image.copy(VImage::option()->set("xres", 72 / 25.4)->set("yres", 72 / 25.4));
        if (!options.metadata.is_null()) attach_metadata(image, options.metadata);
        if (::ftruncate(file, 0) != 0 || ::lseek(file, 0, SEEK_SET) != 0) {
            return Fail(JobError{ErrorCode::internal, "The result could not be written."});
        }
        const vips::VTarget target = vips::VTarget::new_to_descriptor(file);
        write(image, options, target);
        return {};
    } catch (const vips::VError&) {
        const JobError error = explain_encode_error(file);
        vips_error_clear();
        return Fail(error);
    }
}

}  // namespace darkroom::imaging
