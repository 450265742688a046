// The parts of a request that are pictures: each decoded under limits of its own, each with errors that say
// which file is meant.
#pragma once
#include <opencv2/core.hpp>

#include "base/result.h"
#include "imaging/codec/picture.h"
#include "request_files.h"

namespace darkroom::imaging {

/// What is wrong with a file that is a result: output_invalid, for its maker is to blame, and another try may
/// help.
core::JobError as_output_error(const core::JobError& error);

/// Limits of a file that some program made as a result: it may be small in sides and large in bytes.
core::ImageLimits limits_of_results(core::ImageLimits limits);

/// CV_8U of `picture`'s size, 255 where the mask is 128 or brighter; its transparency does not count. Where
/// the picture was reduced, every pixel that the mask touched counts. Fails with mask_size_mismatch where the
/// mask has not the size of the picture's file, and otherwise as decoding does.
Result<cv::Mat, core::JobError> decode_mask(int file, const Picture& picture,
                                            const core::ImageLimits& limits);

/// 8 bits, RGB or RGBA.
Result<cv::Mat, core::JobError> decode_foreign_result(int file, const core::ImageLimits& limits);

}  // namespace darkroom::imaging
