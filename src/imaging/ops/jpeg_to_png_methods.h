// The two ways to make a flat background transparent without recognising a subject. Both take a 3-channel
// picture of 8 or 16 bits and give RGBA of the same depth, with colour bled under what became transparent.
#pragma once
#include <opencv2/core.hpp>

#include "imaging/ops/jpeg_to_png_key.h"

namespace darkroom::imaging {

struct KeySettings {
    Rgb key;
    double tolerance = 8;          // delta-E that still is background
    double softness = 6;           // delta-E over which it fades
    bool remove_interior = false;  // also what the subject encloses, as the holes of letters
    bool despill = true;
    bool deblock = true;
};

/// Removes what is of the key's colour and connected to the frame; mixed edge pixels are split by their
/// nearest solid colour.
cv::Mat remove_key_colour(const cv::Mat& picture, const cv::Mat& distance, const KeySettings& settings);

/// Colour to alpha: every pixel becomes the least or, on the line from the key to an ink, the exact share of
/// ink that explains it. Compositing over the key gives the input back within 2 levels per channel, 1 for
/// lossless input.
cv::Mat unmix_key_colour(const cv::Mat& picture, const cv::Mat& distance, const KeySettings& settings);

}  // namespace darkroom::imaging
