#include "imaging/ops/segmentation.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/mask_cleanup.h"
#include "imaging/ops/outline_score.h"

namespace darkroom::imaging {
namespace {

constexpr int working_long_side = 512;
constexpr double seed_share_min = 0.0025;  // of the picture
constexpr int grabcut_rounds = 3;
constexpr double flood_prior = 1.04;  // most pictures do have shadows: a near tie goes to the flood
constexpr int surroundings_px = 24;   // of background kept around what GrabCut looks at
constexpr std::uint64_t random_seed = 0x0DA12C;  // GrabCut's k-means draws from the thread's generator

/// The part of `mask` that is joined to the frame.
cv::Mat joined_to_frame(const cv::Mat& mask) {
    cv::Mat padded;
    cv::copyMakeBorder(mask, padded, 1, 1, 1, 1, cv::BORDER_CONSTANT, cv::Scalar(255));
    cv::floodFill(padded, {0, 0}, cv::Scalar(128));
    return padded(cv::Rect({1, 1}, mask.size())) == 128;
}

cv::Mat disc(int radius) {
    return cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * radius + 1, 2 * radius + 1});
}

struct Seeds {
    cv::Mat background;  // CV_8U, certain
    cv::Mat subject;     // CV_8U, probable
};

Seeds plant_seeds(const BorderModel& model, const ShadowFlood& flood, bool use_flood) {
    Seeds seeds;
    cv::Mat low = model.distance < model.near;
    cv::morphologyEx(low, low, cv::MORPH_OPEN, disc(1));
    cv::erode(joined_to_frame(low), seeds.background, disc(2));
    seeds.subject = model.distance > model.far;
    const double enough = seed_share_min * static_cast<double>(seeds.subject.total());
    if (use_flood) {
        cv::Mat sure_flood;
        cv::erode(flood.flooded, sure_flood, disc(1));
        seeds.background |= sure_flood;
        seeds.subject &= ~flood.flooded;
    }
    if (cv::countNonZero(seeds.subject) < enough)
        seeds.subject = (model.distance > 0.8F * model.near) & ~seeds.background;
    return seeds;
}

/// The box around everything that may be subject, with some background around it; the rest needs no cutting.
cv::Rect cutting_window(const Seeds& seeds) {
    cv::Rect box = cv::boundingRect(~seeds.background);
    box += cv::Size(2 * surroundings_px, 2 * surroundings_px);
    box -= cv::Point(surroundings_px, surroundings_px);
    return box & cv::Rect({}, seeds.background.size());
}

cv::Mat cut(const cv::Mat& rgb, const Seeds& seeds) {
    cv::Mat mask = cv::Mat::zeros(rgb.size(), CV_8U);
    const cv::Rect window = cutting_window(seeds);
    cv::Mat labels(window.size(), CV_8U, cv::Scalar(cv::GC_PR_BGD));
    labels.setTo(cv::GC_PR_FGD, seeds.subject(window));
    labels.setTo(cv::GC_BGD, seeds.background(window));
    const int certain = cv::countNonZero(labels == cv::GC_BGD) + cv::countNonZero(labels == cv::GC_PR_BGD);
    if (certain == 0) {  // no background at all: GrabCut would have nothing to learn it from
        seeds.subject.copyTo(mask);
        return mask;
    }
    cv::Mat background_colours;
    cv::Mat subject_colours;
    cv::theRNG().state = random_seed;
    cv::grabCut(rgb(window), labels, {}, background_colours, subject_colours, grabcut_rounds,
                cv::GC_INIT_WITH_MASK);
    mask(window).setTo(255, (labels == cv::GC_PR_FGD) | (labels == cv::GC_FGD));
    return mask;
}

}  // namespace

WorkingCopy make_working_copy(const cv::Mat& picture) {
    const double scale =
        std::min(1.0, static_cast<double>(working_long_side) / std::max(picture.cols, picture.rows));
    WorkingCopy copy;
    const cv::Size size(std::max(8, cvRound(picture.cols * scale)),
                        std::max(8, cvRound(picture.rows * scale)));
    cv::resize(picture, copy.rgb, size, 0, 0, cv::INTER_AREA);
    cv::GaussianBlur(copy.rgb, copy.rgb, {}, 1.0);
    cv::cvtColor(copy.rgb, copy.luma, cv::COLOR_RGB2GRAY);
    cv::Mat unit;
    copy.rgb.convertTo(unit, CV_32F, 1.0 / 255);
    cv::cvtColor(unit, copy.lab, cv::COLOR_RGB2Lab);
    cv::pow(unit, 2.2, copy.linear);
    return copy;
}

std::optional<Segmentation> segment_with(const WorkingCopy& copy, const BorderModel& model,
                                         const ShadowFlood& flood, bool use_flood) {
    const Seeds seeds = plant_seeds(model, flood, use_flood);
    if (cv::countNonZero(seeds.subject) == 0) return std::nullopt;
    Segmentation result;
    result.flood_used = use_flood;
    result.mask = cut(copy.rgb, seeds);
    clean_up_mask(result.mask, copy.rgb, model, flood, use_flood);
    if (cv::countNonZero(result.mask) == 0) return std::nullopt;
    result.score = outline_score(copy.lab, result.mask);
    return result;
}

std::optional<Segmentation> segment(const WorkingCopy& copy, const BorderModel& model,
                                    const ShadowFlood& flood) {
    std::array<std::optional<Segmentation>, 2> answers;
    cv::parallel_for_({0, 2}, [&](const cv::Range& range) {
        for (int i = range.start; i < range.end; ++i) {
            answers[static_cast<std::size_t>(i)] = segment_with(copy, model, flood, i == 0);
        }
    });
    auto& [with, without] = answers;
    if (!with || !without) return with ? with : without;
    return with->score * flood_prior >= without->score ? with : without;
}

}  // namespace darkroom::imaging
