#include "imaging/ops/patch_level.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace darkroom::imaging {
namespace {

constexpr int patch_side = 2 * patch_radius + 1;
constexpr double near_rim = 1.3;  // what lies a pixel deeper counts that much less

cv::Point as_point(const cv::Vec2i& v) { return {v[0], v[1]}; }
cv::Vec2i as_vector(cv::Point p) { return {p.x, p.y}; }

}  // namespace

int PatchRandom::between(int low, int high) {
    state_ += 0x9e3779b97f4a7c15ULL;  // SplitMix64
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    z ^= z >> 31U;
    return low + static_cast<int>(z % static_cast<std::uint64_t>(high - low + 1));
}

PatchLevel::PatchLevel(cv::Mat picture, const cv::Mat& hole)
    : picture_(std::move(picture)),
      hole_(hole),
      source_ok_(hole.size(), uchar{0}),
      target_ok_(hole.size(), uchar{0}),
      likes_(hole.size(), cv::Vec2i(0, 0)),
      costs_(hole.size(), INT_MAX) {
    cv::Mat touched;
    cv::dilate(hole_, touched, cv::getStructuringElement(cv::MORPH_RECT, {patch_side, patch_side}));
    cv::distanceTransform(hole_, depth_, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    for (int y = patch_radius; y < hole_.rows - patch_radius; ++y) {
        for (int x = patch_radius; x < hole_.cols - patch_radius; ++x) {
            const bool target = touched.at<uchar>(y, x) != 0;
            (target ? target_ok_ : source_ok_)(y, x) = 255;
            (target ? targets_ : sources_).emplace_back(x, y);
        }
    }
}

bool PatchLevel::is_source(cv::Point p) const {
    return p.x >= 0 && p.y >= 0 && p.x < source_ok_.cols && p.y < source_ok_.rows && source_ok_(p) != 0;
}

int PatchLevel::difference(cv::Point a, cv::Point b, int at_most) const {
    int sum = 0;
    for (int dy = -patch_radius; dy <= patch_radius; ++dy) {
        const uchar* left = picture_.ptr(a.y + dy, a.x - patch_radius);
        const uchar* right = picture_.ptr(b.y + dy, b.x - patch_radius);
        int row = 0;
        for (int i = 0; i < 4 * patch_side; ++i) {
            const int d = int{left[i]} - int{right[i]};
            row += d * d;
        }
        sum += row;
        if (sum >= at_most) return sum;
    }
    return sum;
}

void PatchLevel::start(PatchRandom& random) {
    for (const cv::Point p : targets_) {
        const int chosen = random.between(0, static_cast<int>(sources_.size()) - 1);
        likes_(p) = as_vector(sources_[static_cast<std::size_t>(chosen)]);
    }
}

void PatchLevel::start_from(const PatchLevel& coarse, PatchRandom& random) {
    start(random);
    const double across = static_cast<double>(hole_.cols) / coarse.hole_.cols;
    const double down = static_cast<double>(hole_.rows) / coarse.hole_.rows;
    const cv::Size most = coarse.hole_.size() - cv::Size(patch_radius + 1, patch_radius + 1);
    for (const cv::Point p : targets_) {
        const cv::Point small(std::clamp(static_cast<int>(p.x / across), patch_radius, most.width),
                              std::clamp(static_cast<int>(p.y / down), patch_radius, most.height));
        if (coarse.target_ok_(small) == 0) continue;
        const cv::Point offset = as_point(coarse.likes_(small)) - small;
        const cv::Point like = p + cv::Point(cvRound(offset.x * across), cvRound(offset.y * down));
        if (is_source(like)) likes_(p) = as_vector(like);
    }
    vote(false);
}

void PatchLevel::measure() {
    for (const cv::Point p : targets_) costs_(p) = difference(p, as_point(likes_(p)), INT_MAX);
}

void PatchLevel::offer(cv::Point target, cv::Point source) {
    if (!is_source(source)) return;
    const int cost = difference(target, source, costs_(target));
    if (cost >= costs_(target)) return;
    costs_(target) = cost;
    likes_(target) = as_vector(source);
}

void PatchLevel::sweep(bool forward, PatchRandom& random) {
    const int step = forward ? -1 : 1;
    const int widest = std::max(hole_.cols, hole_.rows);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        const cv::Point p = targets_[forward ? i : targets_.size() - 1 - i];
        for (const cv::Point side : {cv::Point(step, 0), cv::Point(0, step)}) {
            const cv::Point q = p + side;
            if (cv::Rect({}, hole_.size()).contains(q) && target_ok_(q) != 0)
                offer(p, as_point(likes_(q)) - side);
        }
        for (int radius = widest; radius >= 1; radius /= 2) {
            const cv::Point best = as_point(likes_(p));
            offer(p, best + cv::Point(random.between(-radius, radius), random.between(-radius, radius)));
        }
    }
}

void PatchLevel::search(int sweeps, PatchRandom& random) {
    measure();
    for (int i = 0; i < sweeps; ++i) sweep(i % 2 == 0, random);
}

double PatchLevel::typical_cost(int percent) const {
    std::vector<int> costs;
    costs.reserve(targets_.size());
    for (const cv::Point p : targets_) costs.push_back(costs_(p));
    const auto at = static_cast<std::ptrdiff_t>(costs.size() * static_cast<std::size_t>(percent) / 100);
    std::nth_element(costs.begin(), costs.begin() + at, costs.end());
    return costs[static_cast<std::size_t>(at)];
}

void PatchLevel::vote(bool sharp) {
    if (targets_.empty()) return;
    measure();
    const double wide = std::max(1.0, typical_cost(sharp ? 25 : 75) * (sharp ? 0.6 : 1.0));
    cv::Mat_<cv::Vec4f> sum(hole_.size(), cv::Vec4f::all(0));
    cv::Mat_<float> weights(hole_.size(), 0.0F);
    for (const cv::Point p : targets_) {
        const auto weight =
            static_cast<float>(std::exp(-std::min(costs_(p) / (2 * wide), 60.0)) *
                                   std::pow(near_rim, -static_cast<double>(std::min(depth_(p), 200.0F))) +
                               1e-30);
        const cv::Point like = as_point(likes_(p));
        for (int dy = -patch_radius; dy <= patch_radius; ++dy) {
            for (int dx = -patch_radius; dx <= patch_radius; ++dx) {
                const cv::Point pixel = p + cv::Point(dx, dy);
                if (hole_.at<uchar>(pixel) == 0) continue;
                sum(pixel) += cv::Vec4f(picture_(like + cv::Point(dx, dy))) * weight;
                weights(pixel) += weight;
            }
        }
    }
    for (int y = 0; y < hole_.rows; ++y) {
        for (int x = 0; x < hole_.cols; ++x) {
            if (weights(y, x) > 0) picture_(y, x) = cv::Vec4b(sum(y, x) * (1.0F / weights(y, x)));
        }
    }
}

double PatchLevel::misfit() const {
    double sum = 0;
    for (const cv::Point p : targets_) sum += costs_(p);
    const double values = 3.0 * patch_side * patch_side * static_cast<double>(targets_.size());
    return targets_.empty() ? 0 : std::sqrt(sum / values);
}

}  // namespace darkroom::imaging
