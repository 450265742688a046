#include "tools/shots/random.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::shots {

double Random::between(double low, double high) {
    constexpr double unit = 1.0 / 9007199254740992.0;  // 2^-53
    return low + (high - low) * static_cast<double>(engine_() >> 11U) * unit;
}

int Random::whole(int low, int high) { return low + static_cast<int>(between(0, 1) * (high - low + 1)); }

cv::Mat stretched_noise(cv::Size size, double cell, double stretch, int octaves, Random& random) {
    cv::Mat sum = cv::Mat::zeros(size, CV_32F);
    double weight = 0.6;
    for (int octave = 0; octave < octaves; ++octave) {
        const int columns = std::max(2, static_cast<int>(std::ceil(size.width / (cell * stretch))) + 3);
        const int rows = std::max(2, static_cast<int>(std::ceil(size.height / cell)) + 3);
        cv::Mat lattice(rows, columns, CV_32F);
        for (float& value : cv::Mat_<float>(lattice)) value = static_cast<float>(random.between(-1, 1));
        // A window that starts at a random fraction of a cell, so that lattices of octaves do not line up.
        const cv::Matx23d window(1 / (cell * stretch), 0, 1 + random.between(0, 1), 0, 1 / cell,
                                 1 + random.between(0, 1));
        cv::Mat layer;
        cv::warpAffine(lattice, layer, window, size, cv::INTER_CUBIC | cv::WARP_INVERSE_MAP,
                       cv::BORDER_REFLECT_101);
        cv::scaleAdd(layer, weight, sum, sum);
        weight *= 0.55;
        cell = std::max(1.0, cell / 2);
    }
    return sum;
}

cv::Mat smooth_noise(cv::Size size, double cell, int octaves, Random& random) {
    return stretched_noise(size, cell, 1, octaves, random);
}

cv::Mat grain(cv::Size size, int channels, double sigma, Random& random) {
    cv::Mat noise(size, CV_32FC(channels));
    cv::RNG(static_cast<std::uint64_t>(random.whole(1, 1'000'000'000)))
        .fill(noise, cv::RNG::NORMAL, 0.0, sigma);
    return noise;
}

}  // namespace darkroom::shots
