// How a region is covered by what replaces it: fully where it was drawn and grown, fading out over the seam,
// not at all beyond. Whatever fills it, pixels beyond the cover are never written.
#pragma once
#include <boost/json/object.hpp>
#include <opencv2/core.hpp>

#include "base/result.h"
#include "imaging/ops/operation.h"

namespace darkroom::imaging {

/// The region that object_remove's `params` and parts name, with its shadow where that is wanted, as CV_8U.
/// Fails as draw_region() does, and with region_too_large.
Result<cv::Mat, OperationError> wanted_region(const cv::Mat& picture, const boost::json::object& params,
                                              const OperationParts& parts);

double region_share(const cv::Mat& region);

/// How much of the filled picture is seen, per pixel: 1 in the grown region, falling to 0 across the seam.
struct Cover {
    cv::Rect box;   // the region with its own size around it; outside of it nothing changes
    cv::Mat share;  // CV_32F of the box's size
};

Cover cover_of(const cv::Mat& region, const boost::json::object& params);

/// The cover as CV_8U of the picture's size.
cv::Mat drawn_cover(const Cover& cover, cv::Size size);

/// `picture` and `filled` are CV_8U with as many channels; where `share` is 0, not a bit changes.
void blend(cv::Mat& picture, const cv::Mat& filled, const cv::Mat& share);

}  // namespace darkroom::imaging
