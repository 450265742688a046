// How good a cut-out is, against the truth of a generated shot.
#pragma once
#include <opencv2/core.hpp>

#include "tools/shots/product_shot.h"

namespace darkroom::bench {

struct MatteScore {
    double iou = 0;  // of alpha > 0.5
    double sad = 0;  // sum of |alpha - truth| in thousands of pixels, scaled to 1 MP
    double mse = 0;  // times 1000
    double halo =
        0;  // mean difference of the cut-out laid on black, white and magenta, along the outline, 0..255
    double solid = 0;         // largest change of colour where alpha is 255; must be 0
    double leak = 0;          // share of the far background with alpha > 0.02
    double gradient = 0;      // sum of squared differences of the mattes' gradients, in thousands
    double connectivity = 0;  // how much of the matte hangs together otherwise than in truth, in thousands
};

/// `rgba` is the result, CV_8UC4, of the shot's size.
MatteScore score_matte(const cv::Mat& rgba, const shots::ProductShot& shot);

double alpha_iou(const cv::Mat& alpha, const cv::Mat& truth);  // both CV_32F
double alpha_sad(const cv::Mat& alpha, const cv::Mat& truth);

}  // namespace darkroom::bench
