// One job from its payload to the words that report it. Nothing is reported here, and nothing is kept: a job
// that is given twice is found again by its work.
//
//   read the payload → claim the attempt → look for an earlier result → fetch the input → work → put the
//   outputs → what to report, and the callback
#pragma once
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/error_code.h"
#include "recipes/type_catalogue.h"
#include "runpod/worker/callback_posts.h"
#include "runpod/worker/claim.h"
#include "runpod/worker/foreign_work.h"
#include "runpod/worker/input_files.h"
#include "runpod/worker/jobs_in_hand.h"
#include "runpod/worker/output_files.h"
#include "runpod/worker/result_post.h"
#include "runpod/worker/workflow_part.h"

namespace darkroom::runpod::worker {

/// Of a worker that drives a ComfyUI; both may be missing.
struct ComfyTools {
    ports::WorkflowWork* workflows = nullptr;
    ports::ObjectStore* bucket = nullptr;  // for results of jobs that want links
};

struct JobEnd {
    JobReport report;
    bool succeeded = false;
    std::optional<CallbackOrder> callback;
};

/// Results of the last jobs, by what was asked for: the platform gives a job again when it has not heard of
/// its end.
class RecentResults {
public:
    std::optional<WorkResult> find(const std::string& work) const;
    void add(const std::string& work, const WorkResult& result);

private:
    mutable std::mutex mutex_;
    std::deque<std::pair<std::string, WorkResult>> results_;  // newest last
};

/// Any thread, one job each.
class JobWork {
public:
    /// `volume` may be nullptr; `driven` is what a worker with a ComfyUI has beside.
    JobWork(const WorkerSettings& settings, const WorkerLimits& limits, ports::HttpClient& web,
            const Volume* volume, const ports::Clock& clock, ports::Random& random, ComfyTools driven = {})
        : settings_(settings),
          clock_(clock),
          random_(random),
          claim_(settings, limits, web, clock, random),
          inputs_(settings, limits, web, volume, clock, random),
          outputs_(limits, web, volume, clock, random),
          workflows_(settings, driven.workflows, clock),
          foreign_(settings, volume, driven.bucket, random) {}

    /// nullopt: it was stopped and nobody wants to hear of it, or it is left to another machine. `tell_stage`
    /// is told what begins.
    std::optional<JobEnd> perform(JobInHand& job, const std::function<void(std::string_view)>& tell_stage);

private:
    using Outcome = Result<WorkResult, core::JobError>;
    struct Plan {
        WorkPayload payload;
        std::string params_effective_json;
        std::string work;  // names what is asked for, and by whom
    };

    std::optional<JobEnd> perform_foreign(const Result<ForeignJob, core::JobError>& foreign, JobInHand& job,
                                          const std::function<void(std::string_view)>& tell_stage);
    bool is_left_to_others(const RemoteJobId& job) const;
    Result<Plan, core::JobError> read(const TakenJob& job);
    Outcome do_plan(const Plan& plan, JobInHand& job,
                    const std::function<void(std::string_view)>& tell_stage);
    std::optional<Outcome> ask_for_claim(const Plan& plan, JobInHand& job);
    std::optional<WorkResult> find_earlier(const Plan& plan) const;
    Outcome work(const Plan& plan, JobInHand& job, const std::function<void(std::string_view)>& tell_stage);
    ports::WorkResult make(const Plan& plan, JobInHand& job, Instant deadline,
                           const std::function<void(std::string_view)>& tell_stage);
    JobEnd end_of(const Outcome& outcome) const;
    JobEnd failed(const core::JobError& error) const;
    std::optional<CallbackOrder> callback_for(const WorkPayload& payload, const RemoteJobId& job,
                                              const Outcome& outcome) const;

    const WorkerSettings& settings_;
    const ports::Clock& clock_;
    ports::Random& random_;
    Claim claim_;
    InputFiles inputs_;
    OutputFiles outputs_;
    WorkflowPart workflows_;
    ForeignWork foreign_;
    RecentResults recent_;
};

}  // namespace darkroom::runpod::worker
