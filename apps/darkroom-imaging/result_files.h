// Writing the files of a result, each with its line in the answer.
#pragma once
#include <boost/json/object.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/error_code.h"
#include "imaging/codec/encode.h"
#include "imaging/wire/messages.h"

namespace darkroom::imaging {

/// Makes `bytes` all that is in `file`.
Result<void, core::JobError> write_whole(int file, std::string_view bytes);

void warn(PictureDone& done, std::string code, std::string detail);

Result<void, core::JobError> write_output(const cv::Mat& pixels, const EncodeOptions& options, int file,
                                          const char* role, PictureDone& done);

/// A small WebP of the main output's pixels for a viewer that shows before and after; nothing where the main
/// output itself is not much larger, or there is no file for it.
Result<void, core::JobError> write_preview(const cv::Mat& pixels, int file, PictureDone& done);

/// A JSON document; nothing where there is no file for it.
Result<void, core::JobError> write_report(const boost::json::object& report, int file, PictureDone& done);

/// Of the main output's pixels.
Result<void, core::JobError> write_thumbnail(const cv::Mat& pixels, int file, PictureDone& done);

}  // namespace darkroom::imaging
