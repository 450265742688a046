// How far two pictures are apart, and how sharp one is: the measures that the sets share.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::bench {

/// In decibels, over all channels; with a mask (CV_8U), over its pixels only. 99 where nothing differs.
double psnr(const cv::Mat& a, const cv::Mat& b, const cv::Mat& mask = {});

/// Of the grey pictures, Gaussian window of 11 pixels; with a mask, the mean over its pixels.
double ssim(const cv::Mat& picture, const cv::Mat& truth, const cv::Mat& mask = {});

/// Channel by channel as near to the truth as a gain and an offset bring it: tone is a matter of taste,
/// structure is not.
cv::Mat fitted(const cv::Mat& picture, const cv::Mat& truth);

/// Standard deviation of the grey picture's Laplacian inside the mask.
double texture_of(const cv::Mat& picture, const cv::Mat& mask);

/// Mean length of the grey picture's gradient (Sobel), with a mask over its pixels only.
double gradient_of(const cv::Mat& picture, const cv::Mat& mask = {});

/// CV_8U, 255 within `reach` pixels of edges that stand alone: two that are nearer to each other than that,
/// as the sides of a thin line, leave no trace in a picture that is smaller by so much.
cv::Mat edges_of(const cv::Mat& picture, int reach);

/// Share of channels that lie more than two levels outside of what the 3 x 3 pixels of `small` around them
/// span.
double overshoot_of(const cv::Mat& large, const cv::Mat& small);

/// CV_8UC3: `rgba` laid on one colour; three channels come back as they are.
cv::Mat laid_on(const cv::Mat& rgba, cv::Vec3b ground);
inline const cv::Vec3b magenta(255, 0, 255);

/// Straight RGBA of a picture and a matte, CV_8U or CV_32F 0..1.
cv::Mat cut_out(const cv::Mat& picture, const cv::Mat& alpha);

}  // namespace darkroom::bench
