// Writing the files of a result, each with its line in the answer.
#pragma once
#include <opencv2/core.hpp>
#include <string>

#include "base/result.h"
#include "core/error_code.h"
#include "imaging/codec/encode.h"
#include "imaging/wire/messages.h"

namespace darkroom::imaging {

void warn(PictureDone& done, std::string code, std::string detail);

Result<void, core::JobError> write_output(const cv::Mat& pixels, const EncodeOptions& options, int file,
                                          const char* role, PictureDone& done);

/// Of the main output's pixels.
Result<void, core::JobError> write_thumbnail(const cv::Mat& pixels, int file, PictureDone& done);

}  // namespace darkroom::imaging
