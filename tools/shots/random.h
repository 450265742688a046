// Seeded chance for the picture generator: the same seed draws the same picture on every machine.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>
#include <random>

namespace darkroom::shots {

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

    /// Evenly in [low, high).
    double between(double low, double high);
    /// Evenly in [low, high], whole numbers.
    int whole(int low, int high);
    bool chance(double probability) { return between(0, 1) < probability; }

private:
    std::mt19937_64 engine_;  // the standard fixes its numbers; it does not fix those of its distributions
};

/// Smooth noise, CV_32F, mean 0, about -1..1. `cell` is the largest feature in pixels; each further octave
/// halves it.
cv::Mat smooth_noise(cv::Size size, double cell, int octaves, Random& random);

/// The same stretched: features are `stretch` times longer along x (wood, brushed metal).
cv::Mat stretched_noise(cv::Size size, double cell, double stretch, int octaves, Random& random);

/// Independent normal noise per pixel, CV_32F with `channels` channels.
cv::Mat grain(cv::Size size, int channels, double sigma, Random& random);

}  // namespace darkroom::shots
