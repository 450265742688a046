#include "inspected_output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "imaging/codec/decode.h"
#include "result_files.h"

namespace darkroom::imaging {
namespace {

using core::JobError;

constexpr int qualities[] = {92, 95, 98};
constexpr int lossless_webp_quality = 100;

/// Our own file of a moment ago: a white page packs better than any stranger's picture may.
core::ImageLimits limits_of_results() {
    core::ImageLimits limits;
    limits.side_min = 1;
    limits.file_bytes_max = std::numeric_limits<std::int64_t>::max();
    limits.pixels_max = std::numeric_limits<std::int64_t>::max();
    limits.compression_max = std::numeric_limits<std::int64_t>::max();
    return limits;
}

/// False where there is nothing better.
bool encode_better(EncodeOptions& options) {
    if (options.format == OutputFormat::png || options.format == OutputFormat::tiff) return false;
    for (const int quality : qualities) {
        if (quality <= options.quality) continue;
        options.quality = quality;
        return true;
    }
    if (options.format == OutputFormat::webp) {
        return std::exchange(options.quality, lossless_webp_quality) != lossless_webp_quality;
    }
    options.format = OutputFormat::png;
    return true;
}

Result<Inspection, JobError> look(const OperationOutput& output, const EncodeOptions& options,
                                  Inspect inspect, const PictureRequest& request, int file) {
    DecodeOptions reading;
    reading.limits = limits_of_results();
    const auto picture = decode_picture(file, reading);
    if (!picture) return Fail(JobError{core::ErrorCode::internal, "The result could not be read again."});
    struct stat status {};
    if (::fstat(file, &status) != 0) return Fail(JobError{core::ErrorCode::internal, "The result is gone."});
    return inspect(
        {picture->pixels, content_type(options.format), static_cast<std::uint64_t>(status.st_size)}, output,
        request.params);
}

void add(const Inspection& inspection, OperationOutput& output, PictureDone& done) {
    for (const auto& [name, value] : inspection.measures) output.measures[name] = value;
    for (const Warning& warning : inspection.warnings) warn(done, warning.code, warning.detail);
}

}  // namespace

Result<void, JobError> write_inspected(OperationOutput& output, EncodeOptions options, Inspect inspect,
                                       const PictureRequest& request, const RequestFiles& files,
                                       PictureDone& done) {
    const OutputFormat asked = options.format;
    options.full_chroma = true;
    for (;;) {
        if (auto written = write_output(output.main, options, files[main_file], "main", done); !written)
            return written;
        const auto inspection = look(output, options, inspect, request, files[main_file]);
        if (!inspection) return Fail(inspection.error());
        if (inspection->encode_better && encode_better(options)) {
            done.outputs.pop_back();
            continue;
        }
        add(*inspection, output, done);
        if (inspection->error) {
            (void)!::ftruncate(files[main_file], 0);
            const auto code = core::parse_error_code(inspection->error->code);
            return Fail(JobError{code.value_or(core::ErrorCode::internal), inspection->error->message});
        }
        if (options.format != asked) {
            warn(done, "output_format_changed",
                 "JPEG could not keep the background exact, so the result is a PNG.");
        }
        return {};
    }
}

}  // namespace darkroom::imaging
