// Logos and line art on one flat colour: what jpeg_to_png is for.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>

namespace darkroom::shots {

struct Logo {
    cv::Mat picture;   // CV_8UC3 RGB, after JPEG
    cv::Mat drawn;     // CV_8UC4 RGBA, straight alpha: the truth
    cv::Vec3b ground;  // the flat colour behind it
};

struct LogoStyle {
    bool glow = false;     // a soft light around all that is drawn
    int jpeg_quality = 0;  // 0: 75 to 95, by the seed
};

Logo draw_logo(std::uint64_t seed, int width, const LogoStyle& style = {});

}  // namespace darkroom::shots
