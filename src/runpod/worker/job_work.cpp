#include "runpod/worker/job_work.h"

#include <algorithm>
#include <filesystem>

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "recipes/params.h"
#include "runpod/protocol/work_callback.h"
#include "runpod/protocol/worker_error.h"

namespace darkroom::runpod::worker {
namespace {

using core::ErrorCode;
using core::JobError;

constexpr std::size_t recent_max = 256;
constexpr std::size_t small_message_bytes = 300;

/// What the work left on this machine, gone when its end is known.
class Leftovers {
public:
    explicit Leftovers(const std::vector<ports::ProducedFile>& files) : files_(files) {}
    Leftovers(const Leftovers&) = delete;
    Leftovers& operator=(const Leftovers&) = delete;
    ~Leftovers() {
        std::error_code ignored;
        for (const auto& file : files_) std::filesystem::remove(file.path, ignored);
    }

private:
    const std::vector<ports::ProducedFile>& files_;
};

Result<std::string, JobError> complete_params(const WorkPayload& payload, std::uint64_t dice) {
    const auto& catalogue = recipes::TypeCatalogue::builtin();
    const auto* const type = catalogue.find(payload.type);
    if (type == nullptr) {
        const auto nearest = catalogue.nearest(payload.type);
        return Fail(JobError{ErrorCode::recipe_not_found,
                             "This worker does not know the type." +
                                 (nearest ? " Did you mean " + std::string(*nearest) + "?" : std::string())});
    }
    const auto params = parse_json(payload.params_json);
    if (!params || !params->is_object())
        return Fail(JobError{ErrorCode::params_invalid, "The params are not an object."});
    const auto checked = recipes::check_params(*type, params->get_object(), dice);
    if (checked) return checked->effective_json;
    const auto& problem = checked.error().front();
    return Fail(JobError{ErrorCode::params_invalid, problem.pointer + ": " + problem.detail + "."});
}

WorkResult duplicate() {
    WorkResult result;
    result.duplicate = true;
    return result;
}

/// Presigned URLs are new each time, so of an input only what stays the same counts.
std::string name_of_work(const WorkPayload& payload) {
    Sha256 digest;
    const auto add = [&](std::string_view part) {
        digest.update(std::to_string(part.size()) + ":");
        digest.update(part);
    };
    add(payload.job_id);
    add(payload.fence ? payload.fence->attempt.str() : "");
    add(payload.output_prefix);
    add(payload.type);
    add(payload.params_json);
    add(payload.workflow_json);
    for (const auto& [node, role] : payload.role_of_node) {
        add(node);
        add(role);
    }
    for (const auto& input : payload.inputs) {
        add(input.name);
        add(input.path);
        add(input.sha256.empty() ? input.url : input.sha256);
    }
    for (const auto& output : payload.outputs)
        add(output.role + " " + output.content_type + " " + output.key);
    return to_hex(digest.finish());
}

}  // namespace

std::optional<WorkResult> RecentResults::find(const std::string& work) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(results_.rbegin(), results_.rend(),
                                    [&](const auto& result) { return result.first == work; });
    if (found == results_.rend()) return std::nullopt;
    return found->second;
}

void RecentResults::add(const std::string& work, const WorkResult& result) {
    const std::lock_guard lock(mutex_);
    results_.emplace_back(work, result);
    if (results_.size() > recent_max) results_.pop_front();
}

bool JobWork::is_left_to_others(const RemoteJobId& job) const {
    const auto why = workflows_.trouble();
    if (why) log::warning("a job is left to another worker", {{"job", job.str()}, {"why", *why}});
    return why.has_value();
}

std::optional<JobEnd> JobWork::perform_foreign(const Result<ForeignJob, JobError>& foreign, JobInHand& job,
                                               const std::function<void(std::string_view)>& tell_stage) {
    if (const auto refused = workflows_.refuse()) return failed(*refused);
    if (!foreign) return failed(foreign.error());
    if (is_left_to_others(job.id())) return std::nullopt;
    auto report = foreign_.perform(*foreign, job, inputs_, tell_stage);
    if (report) {
        JobEnd end;
        end.succeeded = true;
        end.report = *std::move(report);
        if (auto& error = end.report.small.error)
            end.report.small = failed({ErrorCode::output_invalid, *std::move(error)}).report.small;
        return end;
    }
    if (job.halt().is_stopped()) return std::nullopt;
    return failed(report.error());
}

std::optional<JobEnd> JobWork::perform(JobInHand& job,
                                       const std::function<void(std::string_view)>& tell_stage) {
    if (const auto foreign = read_foreign_job(job.taken().input_json.value_or(""), settings_.input_bytes_max))
        return perform_foreign(*foreign, job, tell_stage);
    const auto plan = read(job.taken());
    if (plan && !plan->payload.workflow_json.empty() && is_left_to_others(job.id())) return std::nullopt;
    const Outcome outcome = plan ? do_plan(*plan, job, tell_stage) : Outcome(Fail(plan.error()));
    if (job.halt().is_stopped()) return std::nullopt;
    if (!outcome)
        log::warning("job failed", {{"job", job.id().str()},
                                    {"code", core::to_string(outcome.error().code)},
                                    {"why", outcome.error().message}});
    auto end = end_of(outcome);
    if (plan) end.callback = callback_for(plan->payload, job.id(), outcome);
    return end;
}

Result<JobWork::Plan, JobError> JobWork::read(const TakenJob& job) {
    if (!job.input_json)
        return Fail(
            JobError{ErrorCode::params_invalid,
                     "The job came without an input. RunPod drops an empty one: send at least job_id, "
                     "type and inputs."});
    auto payload = parse_work_payload(*job.input_json);
    if (!payload)
        return Fail(JobError{ErrorCode::params_invalid, "The input is wrong: " + payload.error().detail});
    const bool is_workflow = !payload->workflow_json.empty();
    if (const auto refused = workflows_.refuse(); refused && is_workflow) return Fail(*refused);
    // What the params of a workflow mean was decided by who filled them in.
    auto params = is_workflow ? Result<std::string, JobError>(payload->params_json)
                              : complete_params(*payload, random_.number());
    if (!params) return Fail(params.error());
    if (const auto refused = outputs_.refuse(*payload)) return Fail(*refused);
    const auto work = name_of_work(*payload);
    return Plan{*std::move(payload), *std::move(params), work};
}

JobWork::Outcome JobWork::do_plan(const Plan& plan, JobInHand& job,
                                  const std::function<void(std::string_view)>& tell_stage) {
    if (auto refused = ask_for_claim(plan, job)) return *std::move(refused);
    if (auto earlier = find_earlier(plan)) {
        log::info("the result of this job is there already", {{"job", job.id().str()}});
        return *std::move(earlier);
    }
    auto done = work(plan, job, tell_stage);
    if (!done) return done;
    outputs_.remember(plan.payload, plan.work, *done);
    recent_.add(plan.work, *done);
    return done;
}

/// nullopt: go on.
std::optional<JobWork::Outcome> JobWork::ask_for_claim(const Plan& plan, JobInHand& job) {
    const auto& fence = plan.payload.fence;
    if (!fence || fence->claim_url.empty()) return std::nullopt;
    switch (claim_.ask(*fence, job.id(), job.halt())) {
        case ClaimAnswer::granted:
            return std::nullopt;
        case ClaimAnswer::taken:
            log::info("another remote job has this attempt", {{"job", job.id().str()}});
            return Outcome(duplicate());
        case ClaimAnswer::unwanted:
            return Outcome(Fail(JobError{ErrorCode::cancelled, "This attempt is not wanted any more."}));
        case ClaimAnswer::unknown:
            if (settings_.unclaimed == Unclaimed::run) return std::nullopt;
            return Outcome(Fail(JobError{ErrorCode::backend_unavailable,
                                         "Nobody could tell whether this attempt is worked on already."}));
        case ClaimAnswer::stopped:
            break;
    }
    return Outcome(Fail(plain_error(ErrorCode::cancelled)));
}

std::optional<WorkResult> JobWork::find_earlier(const Plan& plan) const {
    // What was put on the volume may have been removed since; what was uploaded cannot be looked at.
    if (auto on_volume = outputs_.find_earlier(plan.payload, plan.work)) return on_volume;
    return plan.payload.outputs.empty() ? std::nullopt : recent_.find(plan.work);
}

JobWork::Outcome JobWork::work(const Plan& plan, JobInHand& job,
                               const std::function<void(std::string_view)>& tell_stage) {
    const auto& payload = plan.payload;
    const Instant deadline = clock_.monotonic() + payload.time_limit;
    const auto done = payload.workflow_json.empty()
                          ? make(plan, job, deadline, tell_stage)
                          : workflows_.run(payload, job, inputs_, deadline, tell_stage);
    if (!done) return Fail(done.error());
    const Leftovers leftovers(done->files);
    if (job.halt().is_stopped()) return Fail(plain_error(ErrorCode::cancelled));
    tell_stage("storing");
    auto files = outputs_.store(payload, done->files, deadline, job.halt());
    if (!files) return Fail(files.error());
    return WorkResult{.files = *std::move(files),
                      .measures_json = done->measures_json,
                      .warnings_json = done->warnings_json,
                      .execution = done->execution};
}

ports::WorkResult JobWork::make(const Plan& plan, JobInHand& job, Instant deadline,
                                const std::function<void(std::string_view)>& tell_stage) {
    tell_stage("fetching");
    const auto input = inputs_.open(plan.payload.inputs.front(), deadline, job.halt());
    if (!input) return Fail(input.error());
    const auto time_left = std::chrono::duration_cast<Milliseconds>(deadline - clock_.monotonic());
    if (time_left <= Milliseconds(0)) return Fail(plain_error(ErrorCode::timeout));
    tell_stage("working");
    return job.picture().run({.operation = plan.payload.type,
                              .params_effective_json = plan.params_effective_json,
                              .input = input->get(),
                              .time_limit = time_left});
}

JobEnd JobWork::end_of(const Outcome& outcome) const {
    JobEnd end;
    end.succeeded = outcome.ok();
    if (outcome) {
        auto small = *outcome;
        small.measures_json = "{}";
        small.warnings_json = "[]";
        end.report.whole.output_json = write_work_result(*outcome);
        end.report.small.output_json = write_work_result(small);
        return end;
    }
    return failed(outcome.error());
}

JobEnd JobWork::failed(const JobError& error) const {
    JobEnd end;
    WorkerError told;
    told.type = std::string(core::to_string(error.code));
    told.message = error.message;
    told.worker_id = settings_.worker_id;
    told.version = settings_.version;
    end.report.whole.error = write_worker_error(told);
    told.message.resize(std::min(told.message.size(), small_message_bytes));
    end.report.small.error = write_worker_error(told);
    return end;
}

std::optional<CallbackOrder> JobWork::callback_for(const WorkPayload& payload, const RemoteJobId& job,
                                                   const Outcome& outcome) const {
    // The one who has the attempt tells its end, and who is not wanted has nothing to tell.
    const bool silent = outcome ? outcome->duplicate : outcome.error().code == ErrorCode::cancelled;
    if (payload.webhook_url.empty() || silent) return std::nullopt;
    WorkCallback callback;
    callback.job_id = payload.job_id;
    callback.remote_id = job;
    callback.worker_id = settings_.worker_id;
    if (payload.fence) {
        callback.attempt = payload.fence->attempt;
        callback.attempt_token = payload.fence->attempt_token;
    }
    if (outcome) {
        callback.result = *outcome;
    } else {
        callback.failure =
            WorkFailure{std::string(core::to_string(outcome.error().code)), outcome.error().message};
    }
    return CallbackOrder{job, payload.webhook_url, payload.auth, write_work_callback(callback)};
}

}  // namespace darkroom::runpod::worker
