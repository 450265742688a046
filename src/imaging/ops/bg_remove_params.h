// The params of bg_remove as plain values. Keys that are missing take their defaults; what the gateway has
// checked is not checked again, but a value of a wrong type is never worse than its default.
#pragma once
#include <array>
#include <boost/json/object.hpp>
#include <opencv2/core.hpp>
#include <optional>
#include <string>

namespace darkroom::imaging {

enum class Edges { automatic, hard, fine };
enum class HaloMode { off, automatic, strong };
enum class ShadowMode { none, keep, drop, contact, soft };

struct ShadowParams {
    ShadowMode mode = ShadowMode::none;
    double opacity = 0.35;
    double blur = 0.02;                  // of the long side
    cv::Point2d offset{0.01, 0.02};      // of the long side; drop only
    cv::Point3d light{-0.3, -0.6, 0.7};  // relative to the picture's centre; soft only
    double light_size = 0.3;
    cv::Vec3b color{0, 0, 0};
};

struct BgRemoveParams {
    Edges edges = Edges::automatic;
    HaloMode halo = HaloMode::automatic;
    double shrink_px = 0;   // at long side 1024; positive makes the subject smaller
    double feather_px = 0;  // at long side 1024
    ShadowParams shadow;
    std::optional<cv::Vec3b> background;  // none: transparent
    bool crop = false;
    std::array<double, 4> margin{};  // top, right, bottom, left, of the cropped box
    std::optional<cv::Rect2d> roi;   // fractions of the picture
    bool alpha_only = false;         // channels: alpha
    bool semitransparency = true;
    bool respect_existing_alpha = true;
    double min_confidence = 0;
    bool fail_on_low_confidence = false;
};

BgRemoveParams read_bg_remove_params(const boost::json::object& params);

}  // namespace darkroom::imaging
