// Between pixels and what networks count in.
#pragma once
#include <opencv2/core.hpp>
#include <string>

#include "base/result.h"
#include "imaging/networks/stage_plan.h"

namespace darkroom::imaging {

/// `picture` (CV_8UC3 RGB) scaled and normalised as `plan` says, as CV_32FC3 in RGB order.
cv::Mat normalised(const cv::Mat& picture, const StagePlan& plan);

/// Planes of the same size, in the plan's order and layout, as a tensor of one picture. `extra` (CV_32F, or
/// empty) becomes a further channel.
cv::Mat to_tensor(const cv::Mat& colours, const cv::Mat& extra, const StagePlan& plan);
/// One plane alone.
cv::Mat to_tensor(const cv::Mat& plane, const StagePlan& plan);

/// One channel of a network's answer, as CV_32F.
Result<cv::Mat, std::string> plane_of(const cv::Mat& tensor, const StagePlan& plan);
/// The first three channels, as CV_32FC3 RGB 0..255.
Result<cv::Mat, std::string> colours_of(const cv::Mat& tensor, const StagePlan& plan);

}  // namespace darkroom::imaging
