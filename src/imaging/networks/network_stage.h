// A network as one stage of an operation: pictures become tensors as its plan says, its answers masks or
// pictures again.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "imaging/networks/network.h"
#include "imaging/networks/stage_plan.h"
#include "imaging/ops/model_stage.h"
#include "imaging/ops/operation.h"

namespace darkroom::imaging {

class NetworkStage final : public ModelStage {
public:
    /// Loads and tries the network on a drawn picture: a disc on grey has to come back as its mask, or as a
    /// picture of the right size and content. The error is for the operator. May throw std::bad_alloc.
    static Result<std::unique_ptr<NetworkStage>, std::string> open(const StagePlan& plan,
                                                                   std::span<const char> onnx);

    StageKind kind() const override { return plan_.kind; }
    Result<cv::Mat, OperationError> run(const cv::Mat& picture, const cv::Mat& hole) override;

private:
    using Answer = Result<cv::Mat, std::string>;

    NetworkStage(StagePlan plan, std::unique_ptr<Network> network)
        : plan_(std::move(plan)), network_(std::move(network)) {}
    Answer ask(const cv::Mat& picture, const cv::Mat& hole);
    Answer find_mask(const cv::Mat& picture);
    Answer fill(const cv::Mat& picture, const cv::Mat& hole);
    Answer enlarge(const cv::Mat& picture);
    Answer enlarge_tile(const cv::Mat& tile);
    Result<void, std::string> test_itself();

    StagePlan plan_;
    std::unique_ptr<Network> network_;
};

}  // namespace darkroom::imaging
