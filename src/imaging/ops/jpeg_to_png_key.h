// The key of a picture: the one colour its border consists of, and how far every pixel is from it.
#pragma once
#include <opencv2/core.hpp>
#include <optional>
#include <string_view>

namespace darkroom::imaging {

using Rgb = cv::Vec3f;  // 0..255 each, whatever the depth of the picture

/// Colours of a pixel of a 3-channel picture, on the 0..255 scale.
inline Rgb rgb_at(const cv::Mat& picture, int y, int x) {
    if (picture.depth() == CV_16U) {
        const auto& pixel = picture.at<cv::Vec3w>(y, x);
        return Rgb(pixel[0] / 257.0f, pixel[1] / 257.0f, pixel[2] / 257.0f);
    }
    const auto& pixel = picture.at<cv::Vec3b>(y, x);
    return Rgb(pixel[0], pixel[1], pixel[2]);
}

/// "#RRGGBB"; nullopt for anything else, as "auto".
std::optional<Rgb> parse_key(std::string_view text);

/// The most frequent colour along the border, exactly as it occurs there.
Rgb border_key(const cv::Mat& picture);

/// CIE76 delta-E of each pixel to `key`, CV_32F.
cv::Mat distance_to_key(const cv::Mat& picture, const Rgb& key);

/// Share of the border within `tolerance` of the key, 0..1.
double border_uniformity(const cv::Mat& distance, double tolerance);

/// True for logos, text and line art: what is not key consists of a handful of colours and the mixtures
/// between them.
bool has_few_colours(const cv::Mat& picture, const cv::Mat& distance, double tolerance);

/// The least alpha with which some colour within 0..255 before `key` gives `seen`.
float least_alpha(const Rgb& seen, const Rgb& key);

/// True if unmixing would turn the ringing of a JPEG into visible specks: on a black key, a pixel four levels
/// darker can only be explained by a good part of black.
bool ringing_would_show(const cv::Mat& picture, const cv::Mat& distance, const Rgb& key, double tolerance);

/// Pixels (CV_8U, 255) of `near` that are connected to the frame of the picture through other such pixels.
cv::Mat connected_to_frame(const cv::Mat& near);

}  // namespace darkroom::imaging
