// One level of patch_fill's pyramid: the map from patches that touch the hole to their likes outside of it.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace darkroom::imaging {

inline constexpr int patch_radius = 3;

/// Numbers that are the same everywhere, unlike those of the standard library's distributions.
class PatchRandom {
public:
    explicit PatchRandom(std::uint64_t seed) : state_(seed) {}
    int between(int low, int high);  // both inclusive

private:
    std::uint64_t state_;
};

class PatchLevel {
public:
    /// `picture` is CV_8UC4 with a first guess in the hole.
    PatchLevel(cv::Mat picture, const cv::Mat& hole);

    /// False if no patch lies wholly outside of the hole, so that there is nothing to take from.
    bool has_sources() const { return !sources_.empty(); }
    void start(PatchRandom& random);
    void start_from(const PatchLevel& coarse, PatchRandom& random);

    void search(int sweeps, PatchRandom& random);
    /// Patches write the hole's pixels; `sharp` lets only the best fitting ones speak.
    void vote(bool sharp);

    const cv::Mat& picture() const { return picture_; }
    double misfit() const;

private:
    int difference(cv::Point a, cv::Point b, int at_most) const;
    bool is_source(cv::Point p) const;
    void measure();
    void offer(cv::Point target, cv::Point source);
    void sweep(bool forward, PatchRandom& random);
    double typical_cost(int percent) const;

    cv::Mat_<cv::Vec4b> picture_;
    cv::Mat hole_;
    cv::Mat_<float> depth_;           // distance to what is known
    cv::Mat_<uchar> source_ok_;       // by patch centre
    std::vector<cv::Point> sources_;  // centres of patches without a hole
    std::vector<cv::Point> targets_;  // centres of patches that touch the hole, row by row
    cv::Mat_<uchar> target_ok_;
    cv::Mat_<cv::Vec2i> likes_;  // where a target's like is
    cv::Mat_<int> costs_;
};

}  // namespace darkroom::imaging
