// Small questions that several operations ask of a picture or a matte.
#pragma once
#include <boost/json/object.hpp>
#include <opencv2/core.hpp>

namespace darkroom::imaging {

/// `picture` itself where it has 8 bits already.
cv::Mat eight_bit(const cv::Mat& picture);

cv::Mat channel_of(const cv::Mat& picture, int index);

/// Whether an 8-bit picture has so much transparency that someone must have cut it out before.
bool is_cut_out_already(const cv::Mat& picture);

/// Confidence, coverage and softness, as bg_remove and its kin report them.
boost::json::object matte_measures(const cv::Mat& mask, double confidence);

inline constexpr unsigned char visible_alpha_max =
    5;  // 0.02: with more a pixel counts as part of the subject

/// The box around all that is visible in a CV_8U matte; empty where nothing is.
cv::Rect visible_box_of(const cv::Mat& alpha);

}  // namespace darkroom::imaging
