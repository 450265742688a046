// Some operations promise something about the file, not only about its pixels: exact white in a JPEG. They
// are shown the file as it was written and read again, and say whether it will do.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "imaging/ops/operation.h"

namespace darkroom::imaging {

struct WrittenFile {
    cv::Mat pixels;  // CV_8UC3 RGB or CV_8UC4, decoded from the file
    std::string_view content_type;
    std::uint64_t bytes = 0;
};

struct Inspection {
    bool encode_better = false;           // another quality or format may do
    std::optional<OperationError> error;  // it must not be delivered
    std::vector<Warning> warnings;        // it may, with these
    boost::json::object measures;         // added to the result's
};

/// `output` is what the operation returned, `params` what it was given.
using Inspect = Inspection (*)(const WrittenFile& file, const OperationOutput& output,
                               const boost::json::object& params);

/// The rules of shops, for white_bg_ecomm.
Inspection inspect_white_bg_ecomm(const WrittenFile& file, const OperationOutput& output,
                                  const boost::json::object& params);

}  // namespace darkroom::imaging
