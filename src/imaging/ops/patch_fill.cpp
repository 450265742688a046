#include "imaging/ops/patch_fill.h"

#include <memory>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "imaging/ops/patch_level.h"
#include "imaging/ops/smooth_fill.h"

namespace darkroom::imaging {
namespace {

constexpr int coarsest_side = 24;
constexpr double searched_pixels_max = 1.5e6;  // above, patches of the next level are only written larger
constexpr int rounds_coarse = 4;
constexpr int rounds_finest = 3;

cv::Mat in_four_channels(const cv::Mat& picture) {
    cv::Mat four = picture;
    if (picture.channels() == 3) cv::cvtColor(picture, four, cv::COLOR_RGB2RGBA);
    return four.clone();
}

double deepest(const cv::Mat& hole) {
    cv::Mat depth;
    double most = 0;
    cv::distanceTransform(hole, depth, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    cv::minMaxLoc(depth, nullptr, &most);
    return most;
}

// The finest first. A pixel that holds a bit of the hole belongs to it.
std::vector<PatchLevel> make_levels(const cv::Mat& guess, const cv::Mat& hole) {
    std::vector<PatchLevel> levels;
    levels.emplace_back(guess.clone(), hole.clone());
    cv::Mat picture = guess, mask = hole;
    while (std::min(picture.cols, picture.rows) >= 2 * coarsest_side && deepest(mask) > patch_radius) {
        cv::Mat small, share;
        const cv::Size size((picture.cols + 1) / 2, (picture.rows + 1) / 2);
        cv::resize(picture, small, size, 0, 0, cv::INTER_AREA);
        cv::Mat(mask > 0).convertTo(share, CV_32F);
        cv::resize(share, share, size, 0, 0, cv::INTER_AREA);
        mask = share > 0;
        picture = small;
        PatchLevel level(picture.clone(), mask);
        if (!level.has_sources()) break;
        levels.push_back(std::move(level));
    }
    return levels;
}

}  // namespace

PatchFill patch_fill(const cv::Mat& picture, const cv::Mat& hole, std::uint64_t seed) {
    const cv::Mat smooth = smooth_fill(picture, hole);
    std::vector<PatchLevel> levels = make_levels(in_four_channels(smooth), hole);
    if (!levels.front().has_sources()) return {smooth, 255};
    PatchRandom random(seed);
    for (std::size_t i = levels.size(); i-- > 0;) {
        PatchLevel& level = levels[i];
        if (i + 1 == levels.size()) {
            level.start(random);
        } else {
            level.start_from(levels[i + 1], random);
        }
        const bool finest = i == 0;
        const bool only_written =
            finest && levels.size() > 1 && static_cast<double>(hole.total()) > searched_pixels_max;
        const int rounds = only_written ? 0 : (finest ? rounds_finest : rounds_coarse);
        for (int round = 0; round < rounds; ++round) {
            level.search(2, random);
            level.vote(finest && round + 1 == rounds);
        }
        if (only_written) level.vote(true);
    }
    PatchFill filled{levels.front().picture(), levels.front().misfit()};
    if (picture.channels() == 3) cv::cvtColor(filled.picture, filled.picture, cv::COLOR_RGBA2RGB);
    return filled;
}

}  // namespace darkroom::imaging
