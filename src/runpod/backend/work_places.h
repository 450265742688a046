// Where workers read inputs and leave outputs, by what the stores can do: presigned URLs of the main store,
// or else files on a network volume. Without either no order can be sent.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "core/object_key.h"
#include "ports/object_store.h"
#include "ports/remote_backend.h"
#include "runpod/backend/input_copies.h"
#include "runpod/protocol/work_payload.h"

namespace darkroom::runpod {

class WorkPlaces {
public:
    /// `volume` may be nullptr. Both must outlive the places.
    WorkPlaces(ports::ObjectStore& main, InputCopies* volume);

    /// Why no worker could read or write anything, for the operator; unset = all is well.
    std::optional<std::string> problem() const;

    /// Makes sure that the input is there and fills in inputs, outputs and output_prefix.
    Result<void, ports::SubmitRefused> prepare(const ports::WorkOrder& work, Milliseconds url_life,
                                               WorkPayload& payload);
    /// nullopt = no main output, or none that is complete.
    ports::ObjectResult<std::optional<ports::RemoteResult>> find_outputs(const JobId& job,
                                                                         const AttemptId& attempt);
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open_output(const core::ObjectKey& key);
    /// Outputs of the attempt, and its input's copy. What cannot be removed is left to upkeep.
    void clear(const JobId& job, const AttemptId& attempt);
    void release_input(const JobId& job, const AttemptId& attempt);

private:
    using Found = ports::ObjectResult<std::optional<ports::RemoteResult>>;

    bool presigns() const { return main_.capabilities().presigns; }
    /// The one in use first. Attempts that were sent before the settings changed are in the other one.
    std::vector<ports::ObjectStore*> stores();
    Result<WorkInput, ports::SubmitRefused> presigned_input(const core::InputImage& image,
                                                            Milliseconds url_life);
    Result<void, ports::SubmitRefused> prepare_presigned(const ports::WorkOrder& work, Milliseconds url_life,
                                                         WorkPayload& payload);
    Result<void, ports::SubmitRefused> prepare_volume(const ports::WorkOrder& work, WorkPayload& payload);

    ports::ObjectStore& main_;
    InputCopies* const volume_;
};

}  // namespace darkroom::runpod
