// Orders whose recipe has a workflow: it is filled, and for workers that are not Darkroom's its inputs are
// put where such a worker finds them, and all of it becomes the `input` of /run. What comes back is
// foreign_words.h's, where it lies foreign_files.h's.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ports/object_store.h"
#include "ports/remote_backend.h"
#include "recipes/order_graph.h"
#include "runpod/backend/foreign_order.h"
#include "runpod/backend/input_copies.h"
#include "runpod/backend/serverless_settings.h"

namespace darkroom::runpod {

/// What a recipe makes of an order whose inputs LoadImage is to find under these names; nullopt = the recipe
/// is built in. The error is the attempt's.
using MakeWorkflow = std::function<Result<std::optional<recipes::OrderGraph>, core::JobError>(
    const ports::WorkOrder& work, const std::vector<std::string>& input_names)>;

/// One of the two: what a foreign worker is sent, or what Darkroom's own payload is to carry.
struct WorkflowOrder {
    std::string input_json;
    std::optional<recipes::OrderGraph> for_darkroom;
    std::vector<std::string> input_names;  // as for_darkroom has them
};

class ForeignWork {
public:
    /// `volume` may be nullptr; all must outlive the work.
    ForeignWork(const ServerlessSettings& settings, ports::ObjectStore& main, InputCopies* volume)
        : settings_(settings), main_(main), volume_(volume) {}

    /// Before other threads use it. Without, every recipe is built in.
    void make_workflows_by(MakeWorkflow make) { make_ = std::move(make); }
    /// nullopt: the recipe is built in. Inputs for foreign workers are placed.
    Result<std::optional<WorkflowOrder>, ports::SubmitRefused> order_of(const ports::WorkOrder& work);

private:
    struct Made {
        recipes::OrderGraph graph;
        WorkerContract contract = WorkerContract::volume_files;
    };
    Result<std::optional<Made>, core::JobError> make(const ports::WorkOrder& work) const;
    std::vector<std::string> names_of(const ports::WorkOrder& work, WorkerContract contract) const;
    Result<std::string, ports::SubmitRefused> foreign_input_of(const ports::WorkOrder& work,
                                                               const Made& made);
    Result<std::vector<recipes::SentPicture>, ports::SubmitRefused> pictures_of(const ports::WorkOrder& work);
    Result<recipes::SentPicture, ports::SubmitRefused> picture_of(const core::InputImage& image,
                                                                  std::string name);
    std::optional<ports::SubmitRefused> place_on_volume(const ports::WorkOrder& work);

    const ServerlessSettings& settings_;
    ports::ObjectStore& main_;
    InputCopies* const volume_;
    MakeWorkflow make_;
};

}  // namespace darkroom::runpod
