#include "imaging/networks/network.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <opencv2/dnn.hpp>

namespace darkroom::imaging {
namespace {

// What OpenCV says of a file names functions and lines; of several lines the first is enough.
std::string words_of(const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
    std::string text = error.err.substr(0, 200);
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, ' ');
    return text.empty() ? "it cannot be run" : text;
}

bool is_finite(const cv::Mat& values) {
    const float* first = values.ptr<float>();
    return std::all_of(first, first + values.total(), [](float value) { return std::isfinite(value); });
}

}  // namespace

struct Network::Loaded {
    cv::dnn::Net net;
    std::vector<cv::String> outputs;
};

Network::Network(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
Network::~Network() = default;

Result<std::unique_ptr<Network>, std::string> Network::load(std::span<const char> onnx) {
    try {
        auto loaded = std::make_unique<Loaded>();
        loaded->net = cv::dnn::readNetFromONNX(onnx.data(), onnx.size());
        if (loaded->net.empty()) return Fail(std::string("it holds no network"));
        loaded->net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        loaded->net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
        loaded->outputs = loaded->net.getUnconnectedOutLayersNames();
        if (loaded->outputs.empty()) return Fail(std::string("it has no output"));
        return std::unique_ptr<Network>(new Network(std::move(loaded)));
    } catch (const cv::Exception& error) {
        return Fail(words_of(error));
    }
}

Result<cv::Mat, std::string> Network::run(const std::vector<NamedTensor>& inputs, const std::string& output,
                                          int output_index) {
    auto& outputs = loaded_->outputs;
    if (output.empty() && output_index >= static_cast<int>(outputs.size()))
        return Fail(std::string("it has no output of that index"));
    try {
        for (const auto& input : inputs) loaded_->net.setInput(input.values, input.name);
        const cv::String name =
            output.empty() ? outputs[static_cast<std::size_t>(output_index)] : cv::String(output);
        const cv::Mat result = loaded_->net.forward(name).clone();
        if (result.depth() != CV_32F || result.total() == 0 || !is_finite(result))
            return Fail(std::string("its answer holds what is no number"));
        return result;
    } catch (const cv::Exception& error) {
        return Fail(words_of(error));
    }
}

}  // namespace darkroom::imaging
