// The separate things in a matte, and choosing among them. Pieces with less than about a hundredth of the
// picture between them are one thing: a chair does not lose its slats.
#pragma once
#include <opencv2/core.hpp>
#include <vector>

namespace darkroom::imaging {

class SubjectParts {
public:
    /// `alpha` is CV_8U.
    explicit SubjectParts(const cv::Mat& alpha);

    /// Parts are numbered 1..count().
    int count() const { return static_cast<int>(areas_.size()) - 1; }
    int largest() const;
    /// What covers most of the middle.
    int most_central() const;
    /// The part at a place given as shares of the matte; 0 where there is none.
    int at(cv::Point2d place) const;
    /// The parts of which at least half lies in `box`, given as shares of the matte.
    std::vector<int> mostly_inside(cv::Rect2d box) const;

    /// Clears all of `alpha` but the `wanted` parts with the softness around them.
    void keep(cv::Mat& alpha, const std::vector<int>& wanted) const;

private:
    int heaviest(const std::vector<double>& weights) const;

    cv::Mat mask_;    // CV_8U at a reduced size
    cv::Mat labels_;  // CV_32S of that size: the part of each pixel, near ones included
    cv::Mat owners_;  // the same, with the nearest part everywhere
    std::vector<double> areas_;
};

}  // namespace darkroom::imaging
