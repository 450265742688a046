// From a scene to what a phone or studio camera stores: lens blur, sensor noise, JPEG.
#pragma once
#include <opencv2/core.hpp>

#include "tools/shots/random.h"

namespace darkroom::shots {

struct CameraSettings {
    double lens_sigma = 0.8;  // px
    double noise_sigma = 3;   // grey levels of 255, at middle grey
    int jpeg_quality = 92;
};

/// `scene` is sRGB 0..1, CV_32FC3, and already blurred by the lens where a truth is needed.
cv::Mat photograph(const cv::Mat& scene, const CameraSettings& settings, Random& random);

}  // namespace darkroom::shots
