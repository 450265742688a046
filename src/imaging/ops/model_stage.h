// One stage of an operation, done by a network instead of Darkroom's own code. What comes before and after it
// stays the same code, so a network never changes what an operation promises.
#pragma once
#include <opencv2/core.hpp>

#include "base/result.h"

namespace darkroom::imaging {

enum class StageKind {
    coarse_mask,  // which pixels are the subject: what the border model and GrabCut do otherwise
    alpha,        // how much of each pixel is the subject, in the band where the mask leaves it open
    inpaint,      // what was behind the removed object
    upscale_x4    // four times as large
};

struct OperationError;

class ModelStage {
public:
    ModelStage() = default;
    ModelStage(const ModelStage&) = delete;
    ModelStage& operator=(const ModelStage&) = delete;
    virtual ~ModelStage() = default;
    virtual StageKind kind() const = 0;
    /// `picture` is CV_8UC3 RGB; `hole` (inpaint alone) CV_8U of its size. Returns, always finite:
    ///   coarse_mask, alpha   CV_32F 0..1 of the picture's size
    ///   inpaint              CV_8UC3 of the picture's size
    ///   upscale_x4           CV_32FC3 0..255 of four times its size
    /// Fails with model_unavailable where the network cannot do it.
    virtual Result<cv::Mat, OperationError> run(const cv::Mat& picture, const cv::Mat& hole) = 0;
};

}  // namespace darkroom::imaging
