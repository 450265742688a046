// The params of cutout_subject as plain values: those of bg_remove, and what is asked of subject and canvas.
#pragma once
#include <boost/json/object.hpp>
#include <opencv2/core.hpp>
#include <optional>

#include "imaging/ops/bg_remove_params.h"

namespace darkroom::imaging {

enum class Select { largest, central, all, point, box };

struct OutlineParams {
    double width = 0;  // of the picture's long side
    cv::Vec3b color;
};

struct CutoutSubjectParams {
    BgRemoveParams matte;  // its margin is of the subject's long side here; crop and roi are not set
    Select select = Select::central;
    cv::Point2d point;  // shares of the picture
    cv::Rect2d box;
    bool square = false;
    std::optional<cv::Size> canvas;  // an exact size; neither: as tight as the margin allows
    bool align_bottom = false;
    std::optional<OutlineParams> outline;
};

CutoutSubjectParams read_cutout_subject_params(const boost::json::object& params);

}  // namespace darkroom::imaging
