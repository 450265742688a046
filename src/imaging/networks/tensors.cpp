#include "imaging/networks/tensors.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace darkroom::imaging {
namespace {

struct Shape {
    int channels = 1;
    cv::Size size;
};

// (1, C, H, W), (1, H, W, C), (1, H, W), (C, H, W) where C is 1 or 3, and (H, W) are what networks answer.
std::optional<Shape> shape_of(const cv::Mat& tensor, const StagePlan& plan) {
    std::vector<int> sides(tensor.size.p, tensor.size.p + tensor.dims);
    if (sides.size() == 4 && sides.front() == 1)
        sides.erase(sides.begin());
    else if (sides.size() == 4)
        return std::nullopt;
    if (sides.size() == 2) sides.insert(sides.begin(), 1);
    if (sides.size() != 3) return std::nullopt;
    const bool last = plan.channels_last && tensor.dims == 4;
    Shape shape;
    shape.channels = last ? sides[2] : sides[0];
    shape.size = last ? cv::Size(sides[1], sides[0]) : cv::Size(sides[2], sides[1]);
    return shape;
}

cv::Mat channel(const cv::Mat& tensor, const Shape& shape, int index, const StagePlan& plan) {
    cv::Mat plane(shape.size, CV_32F);
    const float* values = tensor.ptr<float>();
    const auto area = static_cast<std::size_t>(shape.size.area());
    const bool last = plan.channels_last && tensor.dims == 4;
    const std::size_t step = last ? static_cast<std::size_t>(shape.channels) : 1;
    const std::size_t first = static_cast<std::size_t>(index) * (last ? 1 : area);
    float* to = plane.ptr<float>();
    for (std::size_t i = 0; i < area; ++i) to[i] = values[first + i * step];
    return plane;
}

}  // namespace

cv::Mat normalised(const cv::Mat& picture, const StagePlan& plan) {
    cv::Mat colours;
    double scale = plan.scale;
    if (plan.divide_by_max) {
        double brightest = 0;
        cv::minMaxLoc(picture.reshape(1), nullptr, &brightest);
        scale = 1 / std::max(brightest, 1.0);
    }
    picture.convertTo(colours, CV_32F, scale);
    cv::subtract(colours, cv::Scalar(plan.mean[0], plan.mean[1], plan.mean[2]), colours);
    cv::divide(colours, cv::Scalar(plan.deviation[0], plan.deviation[1], plan.deviation[2]), colours);
    return colours;
}

cv::Mat to_tensor(const cv::Mat& colours, const cv::Mat& extra, const StagePlan& plan) {
    std::vector<cv::Mat> planes;
    cv::split(colours, planes);
    if (plan.bgr) std::swap(planes[0], planes[2]);
    if (!extra.empty()) planes.push_back(extra);
    const int count = static_cast<int>(planes.size());
    if (plan.channels_last) {
        const int sides[] = {1, colours.rows, colours.cols, count};
        cv::Mat tensor(4, sides, CV_32F);
        cv::Mat pixels(colours.size(), CV_32FC(count), tensor.data);
        cv::merge(planes, pixels);
        return tensor;
    }
    const int sides[] = {1, count, colours.rows, colours.cols};
    cv::Mat tensor(4, sides, CV_32F);
    for (int i = 0; i < count; ++i) {
        cv::Mat plane(colours.size(), CV_32F, tensor.ptr<float>(0, i));
        planes[static_cast<std::size_t>(i)].copyTo(plane);
    }
    return tensor;
}

cv::Mat to_tensor(const cv::Mat& plane, const StagePlan& plan) {
    const int first[] = {1, 1, plane.rows, plane.cols}, last[] = {1, plane.rows, plane.cols, 1};
    cv::Mat tensor(4, plan.channels_last ? last : first, CV_32F);
    cv::Mat pixels(plane.size(), CV_32F, tensor.data);
    plane.copyTo(pixels);
    return tensor;
}

Result<cv::Mat, std::string> plane_of(const cv::Mat& tensor, const StagePlan& plan) {
    const auto shape = shape_of(tensor, plan);
    if (!shape || plan.output_channel >= shape->channels)
        return Fail(std::string("its answer has not the shape of a mask"));
    return channel(tensor, *shape, plan.output_channel, plan);
}

Result<cv::Mat, std::string> colours_of(const cv::Mat& tensor, const StagePlan& plan) {
    const auto shape = shape_of(tensor, plan);
    if (!shape || shape->channels != 3) return Fail(std::string("its answer has not the shape of a picture"));
    std::vector<cv::Mat> planes;
    planes.reserve(3);
    for (int i = 0; i < 3; ++i)
        planes.push_back(channel(tensor, *shape, i, plan) * (255 / plan.output_range));
    if (plan.bgr) std::swap(planes[0], planes[2]);
    cv::Mat colours;
    cv::merge(planes, colours);
    return cv::Mat(cv::min(cv::max(colours, cv::Scalar::all(0)), cv::Scalar::all(255)));
}

}  // namespace darkroom::imaging
