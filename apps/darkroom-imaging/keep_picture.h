// keep_picture: a result that came from another machine becomes one of ours. The file is copied without its
// metadata (imaging/codec/bare_file.h), and the copy, which is what will be stored, is decoded as a whole: a
// broken or hostile file is found out here. Pixels, format and profile stay; a thumbnail is made.
//
// Encoded anew, because a copy would not do:
//   turned by EXIF     the orientation goes with the EXIF, so the pixels are turned: viewers, browsers and
//                      programs that ignore EXIF then all show the same. PNG and WebP lose nothing, JPEG is
//                      written at quality 95.
//   other formats      as PNG, with the warning output_format_changed
#pragma once
#include "request_files.h"

namespace darkroom::imaging {

/// May throw what libraries throw. Whatever is wrong with the picture is output_invalid: its maker sent it as
/// a result. Limits are those of inputs, except that results may be small in sides and large in bytes.
PictureAnswer keep_picture(const PictureRequest& request, const RequestFiles& files);

}  // namespace darkroom::imaging
