// The shape of every pixel operation: decoded pixels and checked params in, pixels out. No files, no clock,
// no network. Runs in the pixel process only.
#pragma once
#include <boost/json/object.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace darkroom::imaging {

/// Something the user should know about a result that was delivered all the same.
struct Warning {
    std::string code;
    std::string detail;
};

struct OperationOutput {
    cv::Mat main;  // CV_8U or CV_16U; 1 (grey), 3 (RGB) or 4 (RGBA, straight alpha) channels, sRGB
    cv::Mat mask;  // CV_8UC1 of the same size, or empty where the operation makes none
    boost::json::object measures;
    std::vector<Warning> warnings;
    bool noop = false;  // the input already is what was asked; main is the input
};

struct OperationError {
    std::string code;     // one of core/error_code.h, as no_subject
    std::string message;  // for the user
};

using OperationResult = Result<OperationOutput, OperationError>;

/// `picture` has 3 (RGB) or 4 (RGBA, straight alpha) channels of 8 or 16 bits, is sRGB and stands upright
/// (EXIF applied). `params` are params_effective of the type: complete, checked, shorthands expanded. The
/// same bytes in give the same bytes out, at any thread count.
using Operation = OperationResult (*)(const cv::Mat& picture, const boost::json::object& params);

OperationResult bg_remove(const cv::Mat& picture, const boost::json::object& params);
OperationResult restore(const cv::Mat& picture, const boost::json::object& params);
OperationResult cutout_subject(const cv::Mat& picture, const boost::json::object& params);
OperationResult white_bg_ecomm(const cv::Mat& picture, const boost::json::object& params);
OperationResult upscale_2k(const cv::Mat& picture, const boost::json::object& params);
OperationResult object_remove(const cv::Mat& picture, const boost::json::object& params);
OperationResult jpeg_to_png(const cv::Mat& picture, const boost::json::object& params);

}  // namespace darkroom::imaging
