// A network in ONNX format as a function from planes to planes: OpenCV's dnn runs it, on the CPU. Knows
// nothing of what the planes mean.
#pragma once
#include <memory>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace darkroom::imaging {

struct NamedTensor {
    std::string name;  // empty = the network's only input
    cv::Mat values;    // CV_32F with four dimensions
};

/// Not for two threads at once.
class Network {
public:
    /// The error is for the operator. May throw std::bad_alloc.
    static Result<std::unique_ptr<Network>, std::string> load(std::span<const char> onnx);
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    ~Network();

    /// The output of that name, or at that place among all outputs where the name is empty. Finite, or an
    /// error.
    Result<cv::Mat, std::string> run(const std::vector<NamedTensor>& inputs, const std::string& output,
                                     int output_index);

private:
    struct Loaded;
    explicit Network(std::unique_ptr<Loaded> loaded);
    std::unique_ptr<Loaded> loaded_;
};

}  // namespace darkroom::imaging
