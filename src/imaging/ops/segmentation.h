// Which pixels of the working copy (long side 512) are the subject: seeds from the border model and the
// shadow flood, then GrabCut, then a clean-up. Runs twice, once believing in the shadow flood and once not (a
// grey box on white is also "a darker version of the background"), and keeps the answer whose outline fits
// the picture better.
#pragma once
#include <opencv2/core.hpp>
#include <optional>

#include "imaging/ops/border_model.h"
#include "imaging/ops/shadow_flood.h"

namespace darkroom::imaging {

struct WorkingCopy {
    cv::Mat rgb;     // CV_8UC3, slightly blurred
    cv::Mat lab;     // CV_32FC3
    cv::Mat linear;  // CV_32FC3, linear light
    cv::Mat luma;    // CV_8U
};

/// `picture` (CV_8UC3 RGB) brought to a long side of at most 512 px.
WorkingCopy make_working_copy(const cv::Mat& picture);

struct Segmentation {
    cv::Mat mask;      // CV_8U, 255 on the subject
    double score = 0;  // how well the outline fits: contrast along it times difference of colours across it
    bool flood_used = true;
};

/// Nothing when no pixel differs from the background.
std::optional<Segmentation> segment(const WorkingCopy& copy, const BorderModel& model,
                                    const ShadowFlood& flood);

/// One hypothesis alone, for measuring.
std::optional<Segmentation> segment_with(const WorkingCopy& copy, const BorderModel& model,
                                         const ShadowFlood& flood, bool use_flood);

}  // namespace darkroom::imaging
