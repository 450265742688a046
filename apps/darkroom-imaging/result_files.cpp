#include "result_files.h"

#include <boost/json/array.hpp>

#include "imaging/codec/thumbnail.h"

namespace darkroom::imaging {

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

Result<void, core::JobError> write_thumbnail(const cv::Mat& pixels, int file, PictureDone& done) {
    const EncodeOptions small{.format = OutputFormat::jpeg, .quality = 82};
    return write_output(draw_thumbnail(pixels), small, file, "thumbnail", done);
}

}  // namespace darkroom::imaging
