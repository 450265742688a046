#include "keep_picture.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "imaging/codec/bare_file.h"
#include "imaging/codec/decode.h"
#include "imaging/ops/param_values.h"
#include "request_parts.h"
#include "result_files.h"
#include "stopwatch.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::ImageFormat;
using core::JobError;

constexpr int turned_jpeg_quality = 95;
constexpr int lossless_webp_quality = 100;

JobError unusable(const std::string& why) {
    return {ErrorCode::output_invalid, "The result cannot be used. " + why};
}

JobError describe(BareFileError error) {
    return unusable(error == BareFileError::truncated
                        ? "The file was cut off: it ends before the picture does."
                        : "The file is not built as its format asks.");
}

Result<std::string, JobError> read_whole(int file) {
    struct stat status {};
    if (::fstat(file, &status) != 0)
        return Fail(JobError{ErrorCode::internal, "The result could not be read."});
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t part = ::pread(file, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
        if (part < 0 && errno == EINTR) continue;
        if (part <= 0) return Fail(JobError{ErrorCode::internal, "The result could not be read."});
        at += static_cast<std::size_t>(part);
    }
    return bytes;
}

Result<void, JobError> copy_bare(ImageFormat format, int from, int to) {
    const auto bytes = read_whole(from);
    if (!bytes) return Fail(bytes.error());
    const auto bare = bare_file(format, *bytes);
    if (!bare) return Fail(describe(bare.error()));
    return write_whole(to, *bare);
}

bool can_be_copied(const core::ImageHeader& header) {
    const bool known = header.format == ImageFormat::png || header.format == ImageFormat::jpeg ||
                       header.format == ImageFormat::webp;
    return known && header.orientation == 1;
}

Result<Picture, JobError> decode_result(int file, const DecodeOptions& options) {
    auto picture = decode_picture(file, options);
    if (!picture) return Fail(as_output_error(picture.error()));
    if (picture->pages > 1)
        return Fail(unusable("It is animated or holds several pictures; a result is a single one."));
    return picture;
}

Result<Picture, JobError> keep_by_copy(const core::ImageHeader& header, const DecodeOptions& options,
                                       const RequestFiles& files, PictureDone& done) {
    if (auto copied = copy_bare(header.format, files[input_file], files[main_file]); !copied)
        return Fail(copied.error());
    auto picture = decode_result(files[main_file], options);
    if (!picture) return picture;
    done.outputs.push_back({"main", std::string(core::content_type(header.format)), header.width,
                            header.height, picture->pixels.channels() == 4});
    return picture;
}

EncodeOptions plan_new_encoding(const Picture& picture) {
    EncodeOptions options{.format = OutputFormat::png, .tag_as_srgb = picture.tagged};
    if (picture.format == ImageFormat::jpeg) {
        options.format = OutputFormat::jpeg;
        options.quality = turned_jpeg_quality;
    }
    if (picture.format == ImageFormat::webp) {
        options.format = OutputFormat::webp;
        options.quality = lossless_webp_quality;
    }
    return options;
}

Result<Picture, JobError> keep_by_encoding(DecodeOptions options, const RequestFiles& files,
                                           PictureDone& done) {
    options.keep_16_bit = true;
    auto picture = decode_result(files[input_file], options);
    if (!picture) return picture;
    const EncodeOptions encoding = plan_new_encoding(*picture);
    if (auto written = write_output(picture->pixels, encoding, files[main_file], "main", done); !written)
        return Fail(written.error());
    if (content_type(encoding.format) != core::content_type(picture->format)) {
        warn(done, "output_format_changed",
             "The result came as " + std::string(core::format_name(picture->format)) +
                 " and was stored as PNG, with the same pixels.");
    }
    return picture;
}

Result<Picture, JobError> keep_main(const PictureRequest& request, const RequestFiles& files,
                                    PictureDone& done) {
    DecodeOptions options;
    options.limits = limits_of_results(request.limits);
    const auto header = check_picture(files[input_file], options.limits);
    if (!header) return Fail(as_output_error(header.error()));
    return can_be_copied(*header) ? keep_by_copy(*header, options, files, done)
                                  : keep_by_encoding(options, files, done);
}

}  // namespace

PictureAnswer keep_picture(const PictureRequest& request, const RequestFiles& files) {
    PictureDone done;
    Stopwatch watch;
    auto picture = keep_main(request, files, done);
    if (!picture) return Fail(picture.error());
    done.timing.decode = watch.lap();
    if (flag_param(request.params, "preview", false)) {
        if (auto written = write_preview(picture->pixels, files[preview_file], done); !written)
            return Fail(written.error());
    }
    if (!flag_param(request.params, "thumbnail", true)) return done;
    if (auto written = write_thumbnail(picture->pixels, files[thumbnail_file], done); !written)
        return Fail(written.error());
    done.timing.encode = watch.lap();
    return done;
}

}  // namespace darkroom::imaging
