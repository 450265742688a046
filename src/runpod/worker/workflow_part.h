// A job whose work is a ComfyUI workflow: its inputs go to the ComfyUI beside this worker, and what the
// workflow saves comes back as files with the roles that the payload gave its nodes.
#pragma once
#include <functional>
#include <string_view>

#include "base/result.h"
#include "core/error_code.h"
#include "ports/backend.h"
#include "ports/workflow_work.h"
#include "runpod/protocol/work_payload.h"
#include "runpod/worker/input_files.h"
#include "runpod/worker/jobs_in_hand.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

class WorkflowPart {
public:
    using Tell = std::function<void(std::string_view)>;

    /// `workflows` is nullptr in a worker that drives no ComfyUI.
    WorkflowPart(const WorkerSettings& settings, const ports::WorkflowWork* workflows,
                 const ports::Clock& clock)
        : settings_(settings), workflows_(workflows), clock_(clock) {}

    /// Why no workflow can be run in this worker at all.
    std::optional<core::JobError> refuse() const;
    /// Why this machine can do no more workflows: what comes now is for other workers.
    std::optional<std::string> trouble() const;

    /// The first file of each role, main in front. The files are the caller's; on failure there is none.
    ports::WorkResult run(const WorkPayload& payload, JobInHand& job, InputFiles& inputs, Instant deadline,
                          const Tell& tell_stage) const;

private:
    const WorkerSettings& settings_;
    const ports::WorkflowWork* workflows_;
    const ports::Clock& clock_;
};

/// Removes the files that a workflow left, but for those that were taken over.
void remove_files(const std::vector<ports::WorkflowFile>& files);

}  // namespace darkroom::runpod::worker
