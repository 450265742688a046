// A picture file without all that is not the picture: text, EXIF, XMP, embedded thumbnails, and whatever
// stands behind its end. The compressed pixels and what gives their numbers a colour (palette, transparency,
// profile, gamma) are copied as they are, so nothing is lost and nothing grows. Chunks are known by name or
// they go; the same file always gives the same bytes. Whether the pixels are sound is not looked at: decode
// the result, which then is what was checked. What hides inside the compressed pixels themselves stays there.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/image_header.h"

namespace darkroom::imaging {

enum class BareFileError {
    truncated,    // the bytes end before the picture does
    corrupt,      // not built as its format asks
    other_format  // only PNG, JPEG and WebP are known here
};

/// `file` is of `format`, by core::read_image_header. An orientation that EXIF gave is lost.
Result<std::string, BareFileError> bare_file(core::ImageFormat format, std::string_view file);

Result<std::string, BareFileError> bare_png(std::string_view file);
Result<std::string, BareFileError> bare_jpeg(std::string_view file);
Result<std::string, BareFileError> bare_webp(std::string_view file);

}  // namespace darkroom::imaging
