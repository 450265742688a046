#include "imaging/codec/orientation.h"

namespace darkroom::imaging {

// EXIF 2.32 §4.6.4 tag 274 names where row 0 and column 0 are seen; each is a transposition, a flip, or both.
void set_upright(cv::Mat& pixels, int orientation) {
    constexpr int upside_down = 0, mirrored = 1, both = -1;
    cv::Mat turned;
    if (orientation >= 5) {
        cv::transpose(pixels, turned);
        pixels = turned;
    }
    switch (orientation) {
        case 2:
        case 6:
            cv::flip(pixels, pixels, mirrored);
            break;
        case 3:
        case 7:
            cv::flip(pixels, pixels, both);
            break;
        case 4:
        case 8:
            cv::flip(pixels, pixels, upside_down);
            break;
        default:
            break;
    }
}

}  // namespace darkroom::imaging
