// Other people's jobs from their payload to the words that report them. They name no attempt and no place for
// outputs: files go to the network volume, or into the answer, or into a bucket of the deployment's own.
#pragma once
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "core/error_code.h"
#include "ports/object_store.h"
#include "ports/random.h"
#include "ports/workflow_work.h"
#include "runpod/worker/foreign_job.h"
#include "runpod/worker/input_files.h"
#include "runpod/worker/jobs_in_hand.h"
#include "runpod/worker/result_post.h"
#include "runpod/worker/volume.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

/// Any thread, one job each.
class ForeignWork {
public:
    using Tell = std::function<void(std::string_view)>;

    /// `volume` and `bucket` may be nullptr.
    ForeignWork(const WorkerSettings& settings, const Volume* volume, ports::ObjectStore* bucket,
                ports::Random& random)
        : settings_(settings), volume_(volume), bucket_(bucket), random_(random) {}

    Result<JobReport, core::JobError> perform(const ForeignJob& foreign, JobInHand& job, InputFiles& inputs,
                                              const Tell& tell_stage);

private:
    using Reported = Result<JobReport, core::JobError>;
    Result<std::string, core::JobError> put_on_volume(const ports::WorkflowFile& file, const RemoteJobId& id);
    Reported answer_with_paths(const ports::WorkflowDone& done, const RemoteJobId& id);
    Reported answer_with_pictures(const ports::WorkflowDone& done, const RemoteJobId& id);
    /// A link to the file in the bucket.
    Result<std::string, core::JobError> put_in_bucket(const ports::WorkflowFile& file);

    const WorkerSettings& settings_;
    const Volume* volume_;
    ports::ObjectStore* bucket_;
    ports::Random& random_;
};

}  // namespace darkroom::runpod::worker
