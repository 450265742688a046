#include "result_files.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>

#include "imaging/codec/resize.h"
#include "imaging/codec/thumbnail.h"

namespace darkroom::imaging {
namespace {

constexpr std::uint32_t preview_side = 625;
constexpr int preview_from = 2 * preview_side;  // a smaller main output is quick to load itself

core::JobError write_error(int error) {
    using core::ErrorCode;
    if (error == ENOSPC || error == EDQUOT)
        return {ErrorCode::storage_full, "There is no space left for the result."};
    if (error == EFBIG) return {ErrorCode::output_invalid, "The result is larger than allowed."};
    return {ErrorCode::internal, "The result could not be written."};
}

}  // namespace

Result<void, core::JobError> write_whole(int file, std::string_view bytes) {
    if (::ftruncate(file, 0) != 0) return Fail(write_error(errno));
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t part = ::pwrite(file, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return Fail(write_error(errno));
        at += static_cast<std::size_t>(part);
    }
    return {};
}

void warn(PictureDone& done, std::string code, std::string detail) {
    done.warnings.push_back(boost::json::object{{"code", std::move(code)}, {"detail", std::move(detail)}});
}

Result<void, core::JobError> write_output(const cv::Mat& pixels, const EncodeOptions& options, int file,
                                          const char* role, PictureDone& done) {
    if (auto written = encode_picture(pixels, options, file); !written) return written;
    const bool alpha = pixels.channels() == 4 && options.format != OutputFormat::jpeg;
    done.outputs.push_back({role, std::string(content_type(options.format)),
                            static_cast<std::uint32_t>(pixels.cols), static_cast<std::uint32_t>(pixels.rows),
                            alpha});
    return {};
}

Result<void, core::JobError> write_preview(const cv::Mat& pixels, int file, PictureDone& done) {
    const int long_side = std::max(pixels.cols, pixels.rows);
    if (file < 0 || long_side < preview_from) return {};
    const Size size = fitting_size({pixels.cols, pixels.rows}, UINT64_MAX, preview_side);
    const EncodeOptions small{.format = OutputFormat::webp, .quality = 82};
    return write_output(reduce_lanczos(pixels, size), small, file, "preview", done);
}

Result<void, core::JobError> write_report(const boost::json::object& report, int file, PictureDone& done) {
    if (file < 0) return {};
    if (auto written = write_whole(file, boost::json::serialize(report)); !written) return written;
    done.outputs.push_back({"report", std::string(report_type), 0, 0, false});
    return {};
}

Result<void, core::JobError> write_thumbnail(const cv::Mat& pixels, int file, PictureDone& done) {
    const EncodeOptions small{.format = OutputFormat::jpeg, .quality = 82};
    return write_output(draw_thumbnail(pixels), small, file, "thumbnail", done);
}

}  // namespace darkroom::imaging
