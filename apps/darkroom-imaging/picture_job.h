// One job of the pixel process: decode, work, encode. What all job types share (output_format, quality,
// max_output_mp, metadata, preview, thumbnails) is done here, around the operation.
#pragma once
#include <array>

#include "imaging/wire/messages.h"

namespace darkroom::imaging {

using RequestFiles = std::array<int, request_file_count>;

/// Never throws; every way to fail is an answer. Files stay open and the caller's.
PictureAnswer run_picture_job(const PictureRequest& request, const RequestFiles& files);

}  // namespace darkroom::imaging
