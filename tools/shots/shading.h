// How a surface looks under studio light: a large soft key light from the upper left, a fill strip on the
// right, light from above and bounce from the table. Colours are linear light, 0..1, R G B.
#pragma once
#include <opencv2/core.hpp>

namespace darkroom::shots {

struct Material {
    cv::Vec3f colour{0.5F, 0.5F, 0.5F};
    cv::Mat colour_map;      // CV_32FC3 of the picture's size instead of `colour`, or empty
    cv::Mat relief;          // CV_32F of the picture's size, height in pixels added to the shape, or empty
    float gloss = 0.2F;      // 0 chalk .. 1 glazed
    float sharpness = 0.5F;  // of reflections: 0 satin .. 1 mirror
    float metal = 0;         // 1: reflections take the surface's colour
};

/// The colour of each pixel of `window`: `height` is the surface in pixels (CV_32F, of the window's size).
cv::Mat shade(const cv::Mat& height, const Material& material, cv::Rect window);

/// sRGB 0..1 from linear 0..1 and back, for one value and for a CV_32FC3 picture (in place).
float to_srgb(float linear);
float to_linear(float srgb);
void encode_srgb(cv::Mat& picture);

/// Linear colour from what one would type in a colour picker.
cv::Vec3f colour(int red, int green, int blue);

/// Near white on dark ground, near black on light ground: what a print on it is legible in.
cv::Vec3f legible_on(cv::Vec3f ground);

/// The linear colour at CIE Lab coordinates, clipped to what sRGB can show; and the way back.
cv::Vec3f from_lab(cv::Vec3f lab);
cv::Vec3f to_lab(cv::Vec3f linear);

}  // namespace darkroom::shots
