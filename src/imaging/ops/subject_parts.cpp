#include "imaging/ops/subject_parts.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::imaging {
namespace {

constexpr int map_long_side = 512;
constexpr int gap_px = 3;              // of the map, bridged from either side
constexpr double middle_sigma = 0.12;  // of a side: what "in the middle" means
constexpr uchar part_alpha_min = 64;

/// For each pixel the part next to it.
cv::Mat nearest_parts(const cv::Mat& labels) {
    cv::Mat away;
    cv::Mat pieces;
    cv::distanceTransform(labels == 0, away, pieces, cv::DIST_L2, 5, cv::DIST_LABEL_CCOMP);
    std::vector<int> part_of(static_cast<std::size_t>(labels.total()) + 1, 0);
    for (int y = 0; y < labels.rows; ++y) {
        for (int x = 0; x < labels.cols; ++x) {
            const int part = labels.at<int>(y, x);
            if (part != 0) part_of[static_cast<std::size_t>(pieces.at<int>(y, x))] = part;
        }
    }
    cv::Mat owners(labels.size(), CV_32S);
    for (int y = 0; y < labels.rows; ++y) {
        for (int x = 0; x < labels.cols; ++x)
            owners.at<int>(y, x) = part_of[static_cast<std::size_t>(pieces.at<int>(y, x))];
    }
    return owners;
}

}  // namespace

SubjectParts::SubjectParts(const cv::Mat& alpha) {
    const double scale = std::min(1.0, static_cast<double>(map_long_side) / std::max(alpha.cols, alpha.rows));
    const cv::Size size(std::max(1, cvRound(alpha.cols * scale)), std::max(1, cvRound(alpha.rows * scale)));
    cv::Mat small;
    cv::resize(alpha, small, size, 0, 0, cv::INTER_AREA);
    mask_ = small > part_alpha_min;
    cv::Mat joined;
    cv::dilate(mask_, joined, cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * gap_px + 1, 2 * gap_px + 1}));
    const int count = cv::connectedComponents(joined, labels_, 8, CV_32S);
    owners_ = count > 1 ? nearest_parts(labels_) : labels_.clone();
    areas_.assign(static_cast<std::size_t>(count), 0);
    for (int y = 0; y < mask_.rows; ++y) {
        for (int x = 0; x < mask_.cols; ++x) {
            if (mask_.at<uchar>(y, x) != 0) areas_[static_cast<std::size_t>(labels_.at<int>(y, x))] += 1;
        }
    }
}

int SubjectParts::heaviest(const std::vector<double>& weights) const {
    if (count() < 1) return 0;
    return static_cast<int>(std::max_element(weights.begin() + 1, weights.end()) - weights.begin());
}

int SubjectParts::largest() const { return heaviest(areas_); }

int SubjectParts::most_central() const {
    std::vector<double> weights(areas_.size(), 0);
    for (int y = 0; y < mask_.rows; ++y) {
        const double v = ((y + 0.5) / mask_.rows - 0.5) / middle_sigma;
        for (int x = 0; x < mask_.cols; ++x) {
            if (mask_.at<uchar>(y, x) == 0) continue;
            const double u = ((x + 0.5) / mask_.cols - 0.5) / middle_sigma;
            weights[static_cast<std::size_t>(labels_.at<int>(y, x))] += std::exp(-0.5 * (u * u + v * v));
        }
    }
    return heaviest(weights);
}

int SubjectParts::at(cv::Point2d place) const {
    const int x = std::clamp(static_cast<int>(place.x * labels_.cols), 0, labels_.cols - 1);
    const int y = std::clamp(static_cast<int>(place.y * labels_.rows), 0, labels_.rows - 1);
    return labels_.at<int>(y, x);
}

std::vector<int> SubjectParts::mostly_inside(cv::Rect2d box) const {
    std::vector<double> inside(areas_.size(), 0);
    for (int y = 0; y < mask_.rows; ++y) {
        for (int x = 0; x < mask_.cols; ++x) {
            const cv::Point2d place((x + 0.5) / mask_.cols, (y + 0.5) / mask_.rows);
            if (mask_.at<uchar>(y, x) != 0 && box.contains(place))
                inside[static_cast<std::size_t>(labels_.at<int>(y, x))] += 1;
        }
    }
    std::vector<int> parts;
    for (std::size_t part = 1; part < areas_.size(); ++part) {
        if (inside[part] > 0 && inside[part] >= 0.5 * areas_[part]) parts.push_back(static_cast<int>(part));
    }
    return parts;
}

void SubjectParts::keep(cv::Mat& alpha, const std::vector<int>& wanted) const {
    std::vector<uchar> kept(areas_.size(), 0);
    for (const int part : wanted) kept[static_cast<std::size_t>(part)] = 1;
    for (int y = 0; y < alpha.rows; ++y) {
        const auto* owners = owners_.ptr<int>(static_cast<int>(std::int64_t{y} * owners_.rows / alpha.rows));
        for (int x = 0; x < alpha.cols; ++x) {
            const auto owner = owners[static_cast<int>(std::int64_t{x} * owners_.cols / alpha.cols)];
            if (kept[static_cast<std::size_t>(owner)] == 0) alpha.at<uchar>(y, x) = 0;
        }
    }
}

}  // namespace darkroom::imaging
