// The shape of every pixel operation: decoded pixels and checked params in, pixels out. No files, no clock,
// no network. Runs in the pixel process only.
#pragma once
#include <boost/json/object.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "imaging/ops/model_stage.h"

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

/// What an operation may be given beside its picture. None of it outlives the call.
struct OperationParts {
    cv::Mat mask;    // object_remove: CV_8U of the picture's size, 255 where something is to go
    cv::Mat result;  // composite_through_region: RGB or RGBA of 8 bits and any size
    ModelStage* stage =
        nullptr;  // a network that does one stage; operations that have no such stage ignore it
};

/// `picture` has 3 (RGB) or 4 (RGBA, straight alpha) channels of 8 or 16 bits, is sRGB and stands upright
/// (EXIF applied). `params` are params_effective of the type: complete, checked, shorthands expanded. The
/// same bytes in give the same bytes out, at any thread count.
using Operation = OperationResult (*)(const cv::Mat& picture, const boost::json::object& params,
                                      const OperationParts& parts);

OperationResult bg_remove(const cv::Mat& picture, const boost::json::object& params,
                          const OperationParts& parts = {});
OperationResult restore(const cv::Mat& picture, const boost::json::object& params,
                        const OperationParts& parts = {});
OperationResult cutout_subject(const cv::Mat& picture, const boost::json::object& params,
                               const OperationParts& parts = {});
OperationResult white_bg_ecomm(const cv::Mat& picture, const boost::json::object& params,
                               const OperationParts& parts = {});
OperationResult upscale_2k(const cv::Mat& picture, const boost::json::object& params,
                           const OperationParts& parts = {});
OperationResult object_remove(const cv::Mat& picture, const boost::json::object& params,
                              const OperationParts& parts = {});
/// What another program made of an object_remove: `parts.result` is seen in the region, `picture` elsewhere.
OperationResult composite_through_region(const cv::Mat& picture, const boost::json::object& params,
                                         const OperationParts& parts);
OperationResult jpeg_to_png(const cv::Mat& picture, const boost::json::object& params,
                            const OperationParts& parts = {});

}  // namespace darkroom::imaging
