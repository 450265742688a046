#include "imaging/codec/decode.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "imaging/codec/colour.h"
#include "imaging/codec/library.h"
#include "imaging/codec/metadata.h"
#include "imaging/codec/orientation.h"
#include "imaging/codec/resize.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::ImageFormat;
using core::JobError;
using vips::VImage;

class FileSource final : public core::ByteSource {
public:
    explicit FileSource(int file) : file_(file) {}
    std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
        const ssize_t bytes = ::pread(file_, into.data(), into.size(), static_cast<off_t>(offset));
        return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
    }

private:
    int file_;
};

VImage open_with_decoder(ImageFormat format, const vips::VSource& source, VipsFailOn strictness) {
    auto* options = VImage::option()->set("access", VIPS_ACCESS_SEQUENTIAL)->set("fail_on", strictness);
    switch (format) {
        case ImageFormat::jpeg:
            return VImage::jpegload_source(source, options);
        case ImageFormat::png:
            return VImage::pngload_source(source, options);
        case ImageFormat::webp:
            return VImage::webpload_source(source, options);
        case ImageFormat::gif:
            return VImage::gifload_source(source, options);
        case ImageFormat::tiff:
            return VImage::tiffload_source(source, options);
        case ImageFormat::heic:
        case ImageFormat::avif:
            return VImage::heifload_source(source, options);
    }
    throw vips::VError("unsupported codec");
}

// The decoder may read the file otherwise than the header did; its word is held to the same limits.
std::optional<JobError> check_decoder_view(const VImage& image, const DecodeOptions& options) {
    core::ImageHeader seen;
    seen.width = static_cast<std::uint32_t>(std::max(image.width(), 0));
    seen.height = static_cast<std::uint32_t>(std::max(image.height(), 0));
    if (image.bands() > 5)
        return JobError{ErrorCode::input_unsupported_format, "The picture has too many channels."};
    return core::check_image_limits(seen, options.limits.file_bytes_max, options.limits);
}

// With more than one thread libvips 8.14 loses about one decoder error in a hundred, and the rest of a
// damaged picture is black. So decoders run on one thread; what comes after them, and cannot fail, uses all.
class OneThread {
public:
    OneThread() : before_(vips_concurrency_get()) { vips_concurrency_set(1); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;
    ~OneThread() { vips_concurrency_set(before_); }

private:
    int before_;
};

// libvips calls this with strips from top to bottom, one at a time.
int copy_strip(VipsRegion* region, VipsRect* area, void* into) {
    auto& pixels = *static_cast<cv::Mat*>(into);
    const std::size_t row_bytes = static_cast<std::size_t>(area->width) * pixels.elemSize();
    for (int y = area->top; y < area->top + area->height; ++y) {
        std::memcpy(pixels.ptr(y) + static_cast<std::size_t>(area->left) * pixels.elemSize(),
                    VIPS_REGION_ADDR(region, area->left, y), row_bytes);
    }
    return 0;
}

cv::Mat read_pixels(const VImage& image) {
    const int depth = image.format() == VIPS_FORMAT_USHORT ? CV_16U : CV_8U;
    cv::Mat pixels(image.height(), image.width(), CV_MAKETYPE(depth, image.bands()));
    if (vips_sink_disc(image.get_image(), copy_strip, &pixels) != 0) throw vips::VError();
    return pixels;
}

void read_as_srgb(const VImage& opened, const DecodeOptions& options, bool is_wide, Picture& picture) {
    const bool keep_16_bit = options.keep_16_bit && is_wide;
    const Size size{opened.width(), opened.height()};
    const Size fitting = fitting_size(size, options.pixels_max, options.side_max);
    picture.reduced = fitting.width < size.width || fitting.height < size.height;
    if (!picture.reduced && is_srgb_already(opened, keep_16_bit)) {
        picture.tagged = opened.get_typeof(VIPS_META_ICC_NAME) != 0;
        const OneThread while_decoding;
        picture.pixels = read_pixels(opened);
        return;
    }
    const VImage decoded = [&] {
        const OneThread while_decoding;
        return opened.copy_memory();
    }();
    VImage image = convert_to_srgb(decoded, keep_16_bit, picture.tagged);
    if (picture.reduced) image = reduce_lanczos(image, fitting);
    picture.pixels = read_pixels(image);
}

Result<Picture, JobError> decode_checked(int file, const core::ImageHeader& header,
                                         const DecodeOptions& options, VipsFailOn strictness) {
    if (::lseek(file, 0, SEEK_SET) != 0)
        return Fail(JobError{ErrorCode::internal, "The picture could not be read."});
    const vips::VSource source = vips::VSource::new_from_descriptor(file);
    const VImage opened = open_with_decoder(header.format, source, strictness);
    if (auto refused = check_decoder_view(opened, options)) return Fail(std::move(*refused));
    Picture picture;
    picture.format = header.format;
    picture.pages = vips_image_get_n_pages(opened.get_image());
    if (options.keep_metadata) picture.metadata = keep_metadata(opened);
    read_as_srgb(opened, options, header.bits_per_channel > 8, picture);
    drop_opaque_alpha(picture.pixels);
    // libheif has turned the picture already.
    const bool turned_by_decoder = header.format == ImageFormat::heic || header.format == ImageFormat::avif;
    if (!turned_by_decoder) set_upright(picture.pixels, header.orientation);
    const bool turned = !turned_by_decoder && header.turned();
    picture.full_size =
        turned ? cv::Size(opened.height(), opened.width()) : cv::Size(opened.width(), opened.height());
    return picture;
}

}  // namespace

Result<core::ImageHeader, JobError> check_picture(int file, const core::ImageLimits& limits) {
    struct stat status {};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        return Fail(JobError{ErrorCode::internal, "The picture could not be opened."});
    }
    FileSource source(file);
    const auto header = core::read_image_header(source);
    if (!header) return Fail(core::describe(header.error()));
    if (auto refused =
            core::check_image_limits(*header, static_cast<std::uint64_t>(status.st_size), limits)) {
        return Fail(std::move(*refused));
    }
    return *header;
}

Result<Picture, JobError> decode_picture(int file, const DecodeOptions& options) {
    const auto header = check_picture(file, options.limits);
    if (!header) return Fail(header.error());
    // libjpeg tells of broken Huffman codes only by warnings. One of its warnings is harmless and common:
    // bytes between segments that some cameras leave there.
    const auto strictness = header->format == ImageFormat::jpeg ? VIPS_FAIL_ON_WARNING : VIPS_FAIL_ON_ERROR;
    try {
        return decode_checked(file, *header, options, strictness);
    } catch (const vips::VError&) {
        if (std::strstr(vips_error_buffer(), "extraneous bytes") == nullptr) return Fail(take_decode_error());
        vips_error_clear();
    }
    try {
        return decode_checked(file, *header, options, VIPS_FAIL_ON_ERROR);
    } catch (const vips::VError&) {
        return Fail(take_decode_error());
    }
}

}  // namespace darkroom::imaging
