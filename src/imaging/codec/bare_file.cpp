#include "imaging/codec/bare_file.h"

namespace darkroom::imaging {

Result<std::string, BareFileError> bare_file(core::ImageFormat format, std::string_view file) {
    switch (format) {
        case core::ImageFormat::png:
            return bare_png(file);
        case core::ImageFormat::jpeg:
            return bare_jpeg(file);
        case core::ImageFormat::webp:
            return bare_webp(file);
        default:
            return Fail(BareFileError::other_format);
    }
}

}  // namespace darkroom::imaging
