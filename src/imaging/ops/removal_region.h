// The region that object_remove is asked to take out, drawn as a mask. Boxes, polygons (even-odd) and brush
// strokes, in shares of the picture or in pixels of it; or in a picture of its own.
#pragma once
#include <boost/json/object.hpp>
#include <opencv2/core.hpp>

#include "base/result.h"
#include "imaging/ops/operation.h"

namespace darkroom::imaging {

/// CV_8U of `size`, 255 where something is to go. `mask` (CV_8U of that size, or empty) is what region.mask
/// names; it counts only where params name one. Fails with region_missing or region_out_of_bounds.
Result<cv::Mat, OperationError> draw_region(const boost::json::object& params, cv::Size size,
                                            const cv::Mat& mask = {});

/// Whether the region of `params` is in a picture of its own.
bool names_mask(const boost::json::object& params);

/// Adds the darkening that touches the region and reaches down from it, at most by the region's own height.
void include_shadow(const cv::Mat& picture, cv::Mat& region);

}  // namespace darkroom::imaging
