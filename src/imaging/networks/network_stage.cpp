#include "imaging/networks/network_stage.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "imaging/networks/tensors.h"

namespace darkroom::imaging {
namespace {

constexpr int scale_of_upscaling = 4;
constexpr int fixture_side = 256;
constexpr double fixture_radius = 0.3;        // of its side
constexpr double upscaling_error_max = 25.5;  // levels, root mean square: 20 dB
const cv::Scalar fixture_ground(128, 128, 128), fixture_disc(200, 60, 40);

cv::Mat fitted(const cv::Mat& picture, cv::Size size) {
    if (size.empty() || size == picture.size()) return picture;
    cv::Mat result;
    const bool smaller = size.area() < picture.size().area();
    cv::resize(picture, result, size, 0, 0, smaller ? cv::INTER_AREA : cv::INTER_LINEAR);
    return result;
}

void squash(cv::Mat& plane) {
    for (int y = 0; y < plane.rows; ++y) {
        auto* row = plane.ptr<float>(y);
        for (int x = 0; x < plane.cols; ++x) row[x] = 1 / (1 + std::exp(-row[x]));
    }
}

void stretch(cv::Mat& plane) {
    double low = 0, high = 0;
    cv::minMaxLoc(plane, &low, &high);
    plane = (plane - low) * (1 / std::max(high - low, 1e-9));
}

struct Fixture {
    cv::Mat picture;
    cv::Mat disc;
};

Fixture draw_fixture(int side) {
    Fixture fixture{cv::Mat(side, side, CV_8UC3, fixture_ground), cv::Mat::zeros(side, side, CV_8U)};
    const int radius = cvRound(side * fixture_radius);
    cv::circle(fixture.disc, {side / 2, side / 2}, radius, 255, cv::FILLED);
    fixture.picture.setTo(fixture_disc, fixture.disc);
    return fixture;
}

double overlap(const cv::Mat& found, const cv::Mat& truth) {
    const int either = cv::countNonZero(found | truth);
    return either == 0 ? 0 : static_cast<double>(cv::countNonZero(found & truth)) / either;
}

double root_mean_square(const cv::Mat& a, const cv::Mat& b) {
    return cv::norm(a, b, cv::NORM_L2) / std::sqrt(static_cast<double>(a.total()) * a.channels());
}

}  // namespace

Result<std::unique_ptr<NetworkStage>, std::string> NetworkStage::open(const StagePlan& plan,
                                                                      std::span<const char> onnx) {
    auto network = Network::load(onnx);
    if (!network) return Fail(network.error());
    std::unique_ptr<NetworkStage> stage(new NetworkStage(plan, *std::move(network)));
    if (const auto tested = stage->test_itself(); !tested) return Fail(tested.error());
    return stage;
}

Result<cv::Mat, OperationError> NetworkStage::run(const cv::Mat& picture, const cv::Mat& hole) {
    auto answer = ask(picture, hole);
    if (!answer)
        return Fail(OperationError{"model_unavailable", "The network failed: " + answer.error() + "."});
    return *std::move(answer);
}

NetworkStage::Answer NetworkStage::ask(const cv::Mat& picture, const cv::Mat& hole) {
    switch (plan_.kind) {
        case StageKind::inpaint:
            return fill(picture, hole);
        case StageKind::upscale_x4:
            return enlarge(picture);
        case StageKind::coarse_mask:
        case StageKind::alpha:
            break;
    }
    return find_mask(picture);
}

NetworkStage::Answer NetworkStage::find_mask(const cv::Mat& picture) {
    const cv::Mat colours = normalised(fitted(picture, plan_.size), plan_);
    const auto tensor = network_->run({{plan_.input_name, to_tensor(colours, {}, plan_)}}, plan_.output_name,
                                      plan_.output_index);
    if (!tensor) return Fail(tensor.error());
    auto plane = plane_of(*tensor, plan_);
    if (!plane) return plane;
    if (plan_.sigmoid) squash(*plane);
    if (plan_.minmax) stretch(*plane);
    const cv::Mat bounded = cv::min(cv::max(*plane, 0.0F), 1.0F);
    cv::Mat mask;
    cv::resize(bounded, mask, picture.size(), 0, 0, cv::INTER_LINEAR);
    return mask;
}

// What lies in the hole is hidden from the network: what it must not copy, it shall not see.
NetworkStage::Answer NetworkStage::fill(const cv::Mat& picture, const cv::Mat& hole) {
    cv::Mat colours = normalised(fitted(picture, plan_.size), plan_), wanted;
    cv::resize(hole, wanted, colours.size(), 0, 0, cv::INTER_NEAREST);
    colours.setTo(cv::Scalar::all(0), wanted);
    wanted.convertTo(wanted, CV_32F, 1.0 / 255);
    std::vector<NamedTensor> inputs;
    if (plan_.hole_name.empty()) {
        inputs.push_back({plan_.input_name, to_tensor(colours, wanted, plan_)});
    } else {
        inputs.push_back({plan_.input_name, to_tensor(colours, {}, plan_)});
        inputs.push_back({plan_.hole_name, to_tensor(wanted, plan_)});
    }
    const auto tensor = network_->run(inputs, plan_.output_name, plan_.output_index);
    if (!tensor) return Fail(tensor.error());
    auto filled = colours_of(*tensor, plan_);
    if (!filled) return filled;
    cv::Mat result;
    filled->convertTo(result, CV_8U);
    cv::resize(result, result, picture.size(), 0, 0, cv::INTER_CUBIC);
    return result;
}

NetworkStage::Answer NetworkStage::enlarge_tile(const cv::Mat& tile) {
    const cv::Mat colours = normalised(tile, plan_);
    const auto tensor = network_->run({{plan_.input_name, to_tensor(colours, {}, plan_)}}, plan_.output_name,
                                      plan_.output_index);
    if (!tensor) return Fail(tensor.error());
    auto large = colours_of(*tensor, plan_);
    if (large && large->size() != tile.size() * scale_of_upscaling)
        return Fail(std::string("its answer is not four times as large"));
    return large;
}

NetworkStage::Answer NetworkStage::enlarge(const cv::Mat& picture) {
    if (plan_.tile_size == 0) return enlarge_tile(picture);
    const int overlap = plan_.tile_overlap, step = plan_.tile_size - 2 * overlap;
    const cv::Size tiles((picture.cols + step - 1) / step, (picture.rows + step - 1) / step);
    cv::Mat padded, large(picture.size() * scale_of_upscaling, CV_32FC3);
    cv::copyMakeBorder(picture, padded, overlap, overlap + tiles.height * step - picture.rows, overlap,
                       overlap + tiles.width * step - picture.cols, cv::BORDER_REPLICATE);
    for (int y = 0; y < tiles.height; ++y) {
        for (int x = 0; x < tiles.width; ++x) {
            auto tile =
                enlarge_tile(padded(cv::Rect(x * step, y * step, plan_.tile_size, plan_.tile_size)).clone());
            if (!tile) return tile;
            const cv::Rect place = cv::Rect(x * step, y * step, step, step) & cv::Rect({}, picture.size());
            const cv::Rect from(cv::Point(overlap, overlap) * scale_of_upscaling,
                                place.size() * scale_of_upscaling);
            (*tile)(from).copyTo(large({place.tl() * scale_of_upscaling, place.size() * scale_of_upscaling}));
        }
    }
    return large;
}

Result<void, std::string> NetworkStage::test_itself() {
    const bool enlarges = plan_.kind == StageKind::upscale_x4;
    const Fixture fixture = draw_fixture(enlarges ? fixture_side / 4 : fixture_side);
    const auto answer = ask(fixture.picture, fixture.disc);
    if (!answer) return Fail(answer.error());
    if (plan_.kind == StageKind::inpaint) return {};  // any content may be right; shape and numbers are
    if (enlarges) {
        cv::Mat small, before;
        cv::resize(*answer, small, fixture.picture.size(), 0, 0, cv::INTER_AREA);
        fixture.picture.convertTo(before, CV_32F);
        if (root_mean_square(small, before) > upscaling_error_max)
            return Fail(std::string("it makes another picture of the test picture"));
        return {};
    }
    if (overlap(*answer > 0.5F, fixture.disc) < plan_.min_iou)
        return Fail(std::string("it does not find the disc of the test picture"));
    return {};
}

}  // namespace darkroom::imaging
