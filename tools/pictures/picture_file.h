// Pictures in and out of files for the tools: libvips behind two functions and a string.
// For files of our own making; what users send is decoded in the sandbox by imaging/codec, never here.
#pragma once
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>

#include "base/result.h"

namespace darkroom::pictures {

/// A sentence for the person at the terminal.
using PictureError = std::string;

/// Reads any format that libvips knows as 8-bit grey, RGB or RGBA in sRGB, upright.
Result<cv::Mat, PictureError> read_picture(const std::filesystem::path& path);

/// Writes 8-bit grey, RGB or RGBA; the ending of the name (.jpg, .png) chooses the format.
Result<void, PictureError> write_picture(const cv::Mat& picture, const std::filesystem::path& path,
                                         int quality = 92);

/// What a camera would have stored: `picture` (RGB) encoded as JPEG 4:2:0 and decoded again.
cv::Mat through_jpeg(const cv::Mat& picture, int quality);

}  // namespace darkroom::pictures
