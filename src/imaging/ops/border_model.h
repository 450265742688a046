// What the background looks like, learnt from the rim of the picture, and how far each pixel is from it.
// Two models at once: a smooth surface of colour (paper sweeps, gradients, vignettes) and a few clusters of
// colour (textures, walls and tables). A pixel that fits either may be background.
#pragma once
#include <opencv2/core.hpp>
#include <vector>

namespace darkroom::imaging {

struct BorderModel {
    cv::Mat distance;                // CV_32F, in sigmas of the nearer model
    cv::Mat surface;                 // CV_32FC3 Lab, the surface's colour everywhere
    std::vector<cv::Vec3f> colours;  // Lab, of the clusters
    float near = 0;                  // below it: background
    float far = 0;                   // above it: probably not
};

/// `lab` is CV_32FC3 (L 0..100), slightly blurred, of at least 8x8 pixels.
BorderModel model_border(const cv::Mat& lab);

}  // namespace darkroom::imaging
