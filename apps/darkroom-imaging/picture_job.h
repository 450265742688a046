// One job of the pixel process: decode, work, encode. What all job types share (output_format, quality,
// max_output_mp, metadata, preview, thumbnails) is done here, around the operation. keep_picture is no job
// type: see keep_picture.h.
#pragma once
#include "request_files.h"

namespace darkroom::imaging {

/// Never throws; every way to fail is an answer. Files stay open and the caller's.
PictureAnswer run_picture_job(const PictureRequest& request, const RequestFiles& files);

}  // namespace darkroom::imaging
