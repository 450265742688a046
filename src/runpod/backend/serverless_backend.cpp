#include "runpod/backend/serverless_backend.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "runpod/backend/storage_refusal.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using ports::RefusalRule;
using ports::RemoteTroubleKind;

constexpr Milliseconds probe_period{30'000};
constexpr Milliseconds end_of_life{300'000};  // of a remote job: RunPod must not delete what still runs
// The worker ends by itself at its own limit and says why; only a worker that does not is ended by RunPod.
constexpr Milliseconds worker_grace{30'000};
constexpr Milliseconds url_life_min{60'000};
constexpr Milliseconds unreachable_pause{5'000};
constexpr Milliseconds rate_pause_min{1'000};
constexpr Milliseconds between_refused_questions{10'000};

core::JobError unavailable(std::string_view message) {
    return {ErrorCode::backend_unavailable, std::string(message)};
}

ports::EndpointInfo info_of(const ServerlessSettings& settings) {
    const auto& name = settings.name.empty() ? settings.client.endpoint_id : settings.name;
    return {"serverless", name, settings.inflight_max, settings.weight};
}

std::string must_act(std::string_view kind, const std::string& why) {
    if (kind == "auth") return "RunPod refuses the API key (" + why + "). Set RUNPOD_API_KEY to a valid one.";
    if (kind == "funds")
        return "The RunPod account is out of funds (" + why + "). Nothing is sent until it has some.";
    return "RunPod knows no such endpoint (" + why + "). Check RUNPOD_ENDPOINT_ID.";
}

ports::RemoteTrouble storage_trouble(const ports::ObjectError& error) {
    return {RemoteTroubleKind::later, "the storage of outputs: " + error.detail, pause_after(error.kind)};
}

Failure<ports::RemoteTrouble> no_such_id() {
    return Fail(ports::RemoteTrouble{RemoteTroubleKind::refused, "the remote id is none"});
}

void add_workflow(WorkPayload& payload, WorkflowOrder workflow) {
    payload.workflow_json = std::move(workflow.for_darkroom->graph_json);
    payload.role_of_node = std::move(workflow.for_darkroom->role_of_node);
    for (std::size_t i = 0; i < payload.inputs.size() && i < workflow.input_names.size(); ++i)
        payload.inputs[i].name = std::move(workflow.input_names[i]);
}

}  // namespace

ServerlessBackend::ServerlessBackend(ServerlessSettings settings, ports::ObjectStore& main,
                                     InputCopies* volume, ports::HttpClient& http, const ports::Clock& clock,
                                     ports::Random& random)
    : settings_(std::move(settings)),
      info_(info_of(settings_)),
      target_(target_of(settings_)),
      price_{settings_.gpu, settings_.micro_usd_per_second},
      clock_(clock),
      places_(main, volume),
      foreign_(settings_, main, volume),
      foreign_files_(settings_.layout, volume != nullptr ? &volume->volume() : nullptr),
      client_(settings_.client, http, clock, random) {
    DR_CHECK(problems(settings_).empty());
}

Milliseconds ServerlessBackend::execution_limit(const ports::RemoteOrder& order) const {
    if (settings_.execution_max == Milliseconds(0)) return order.work.time_limit;
    return std::min(order.work.time_limit, settings_.execution_max);
}

Milliseconds ServerlessBackend::horizon(const ports::RemoteOrder& order) const {
    if (order.deadline != TimePoint{}) return order.deadline - clock_.now();
    return settings_.queue_budget + execution_limit(order) + worker_grace + end_of_life;
}

Policy ServerlessBackend::policy_of(const ports::RemoteOrder& order) const {
    const auto execution =
        std::clamp(execution_limit(order) + worker_grace, execution_timeout_min, policy_time_max);
    const auto life = std::min(settings_.queue_budget + execution + end_of_life, horizon(order));
    return {execution, std::clamp(life, ttl_min, policy_time_max), false};
}

WorkPayload ServerlessBackend::payload_of(const ports::RemoteOrder& order) const {
    WorkPayload payload;
    payload.job_id = order.work.job.str();
    payload.type = order.work.type;
    payload.params_json = order.work.params_effective_json;
    if (settings_.callbacks) payload.webhook_url = public_url(settings_, "/webhooks/runpod");
    payload.time_limit = execution_limit(order);
    payload.fence = WorkFence{order.work.job, order.work.attempt, order.token,
                              public_url(settings_, "/webhooks/runpod/claims")};
    return payload;
}

Result<std::string, ports::SubmitRefused> ServerlessBackend::input_of(const ports::RemoteOrder& order) {
    auto workflow = foreign_.order_of(order.work);
    if (!workflow) return Fail(std::move(workflow).error());
    if (*workflow && !(*workflow)->for_darkroom) {
        foreign_files_.note(order.work.attempt);
        return std::move((*workflow)->input_json);
    }
    auto payload = payload_of(order);
    const auto url_life =
        std::clamp(horizon(order), url_life_min, std::max(url_life_min, settings_.url_life_max));
    if (auto ready = places_.prepare(order.work, url_life, payload); !ready)
        return Fail(std::move(ready).error());
    if (*workflow) add_workflow(payload, **std::move(workflow));
    return write_work_payload(payload);
}

ports::SubmitAnswer ServerlessBackend::submit(const ports::RemoteOrder& order) {
    {
        const std::lock_guard lock(mutex_);
        if (paused_)
            return ports::SubmitRefused{RefusalRule::pause, unavailable("The backend is paused."), *paused_,
                                        probe_period};
    }
    auto input = input_of(order);
    if (!input) return std::move(input).error();
    SubmitRequest request;
    request.input_json = *std::move(input);
    if (auto url = public_url(settings_, "/webhooks/runpod-completion?token=" + order.token); !url.empty())
        request.webhook = std::move(url);
    request.policy = policy_of(order);
    auto answer = answer_of(client_.run(request, order.may_send));
    const auto* const refusal = std::get_if<ports::SubmitRefused>(&answer);
    if (refusal != nullptr && refusal->rule == RefusalRule::give_up)
        places_.release_input(order.work.job, order.work.attempt);
    return answer;
}

ports::SubmitAnswer ServerlessBackend::answer_of(SubmitOutcome outcome) {
    if (auto* taken = std::get_if<Submitted>(&outcome)) return ports::SubmitTaken{taken->id.str()};
    if (auto* unclear = std::get_if<Ambiguous>(&outcome))
        return ports::SubmitUnclear{std::move(unclear->why)};
    return refused(std::get<RefusedForSure>(outcome));
}

ports::SubmitAnswer ServerlessBackend::refused(const RefusedForSure& refusal) {
    ports::SubmitRefused out;
    out.why = refusal.why;
    switch (refusal.kind) {
        case RefusalKind::rate_limited:
            out.error = unavailable("The backend takes no more jobs just now.");
            out.retry_after = std::max(refusal.retry_after, rate_pause_min);
            break;
        case RefusalKind::unreachable:
            out.error = unavailable(core::traits(ErrorCode::backend_unavailable).message);
            out.retry_after = std::max(refusal.retry_after, unreachable_pause);
            break;
        case RefusalKind::bad_payload:
            out.rule = RefusalRule::give_up;
            out.error = unavailable("The backend refused this job and would refuse it again.");
            break;
        case RefusalKind::auth:
        case RefusalKind::funds:
        case RefusalKind::not_found:
            out.rule = RefusalRule::pause;
            out.why = must_act(name_of(refusal.kind), refusal.why);
            out.error = unavailable("The backend is paused.");
            out.retry_after = probe_period;
            pause(out.why);
            break;
    }
    return out;
}

Result<ports::RemoteLook, ports::RemoteTrouble> ServerlessBackend::read(
    const ports::RemoteTask& task, const Result<JobObject, CallError>& job) {
    const bool unknown_there = !job && job.error().kind == CallErrorKind::not_found;
    if (job || unknown_there) {
        const std::lock_guard lock(mutex_);
        questions_refused_.reset();
    }
    if (unknown_there) {
        ports::RemoteLook gone;
        gone.phase = ports::RemotePhase::gone;
        return gone;
    }
    if (!job) return Fail(trouble_of(job.error()));
    auto look = look_of(*job, task, price_, settings_.layout);
    if (look.result) foreign_files_.note_placed(task.attempt, look.result->files);
    if (look.phase == ports::RemotePhase::queued && why_waiting_) look.waiting_for = why_waiting_();
    return look;
}

Result<ports::RemoteLook, ports::RemoteTrouble> ServerlessBackend::look(const ports::RemoteTask& task) {
    const auto id = RemoteJobId::parse(task.remote_id);
    if (!id) return no_such_id();
    if (auto refused = refused_question()) return Fail(*std::move(refused));
    return read(task, client_.status(*id));
}

Result<ports::RemoteLook, ports::RemoteTrouble> ServerlessBackend::cancel(const ports::RemoteTask& task) {
    const auto id = RemoteJobId::parse(task.remote_id);
    if (!id) return no_such_id();
    if (auto refused = refused_question()) return Fail(*std::move(refused));
    const auto job = client_.cancel(*id);
    // It was faster; what came of it is told by its status.
    if (job && job->state == JobState::completed && !job->output_json) return look(task);
    return read(task, job);
}

Result<ports::RemoteLook, ports::RemoteTrouble> ServerlessBackend::read_report(const ports::RemoteTask& task,
                                                                               std::string_view body) const {
    const auto callback = parse_work_callback(body);
    if (!callback)
        return Fail(ports::RemoteTrouble{RemoteTroubleKind::refused,
                                         "the report cannot be used: " + callback.error().detail});
    auto look = look_of(*callback, task, price_);
    if (look) return *std::move(look);
    return Fail(ports::RemoteTrouble{RemoteTroubleKind::refused, look.error()});
}

Result<std::optional<ports::RemoteResult>, ports::RemoteTrouble> ServerlessBackend::find_outputs(
    const JobId& job, const AttemptId& attempt) {
    auto found = places_.find_outputs(job, attempt);
    if (found && !*found) found = foreign_files_.find(job, attempt);
    if (!found) return Fail(storage_trouble(found.error()));
    return *std::move(found);
}

ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> ServerlessBackend::open_output(
    const ports::RemoteFile& file) {
    return file.place.empty() ? places_.open_output(file.key) : foreign_files_.open(file);
}

void ServerlessBackend::clear(const JobId& job, const AttemptId& attempt) {
    foreign_files_.clear(job, attempt);
    places_.clear(job, attempt);
}

ports::RemoteTrouble ServerlessBackend::trouble_of(const CallError& error) {
    switch (error.kind) {
        case CallErrorKind::auth:
        case CallErrorKind::funds:
            pause(must_act(name_of(error.kind), error.detail));
            return refuse_questions({RemoteTroubleKind::paused, error.detail, probe_period});
        case CallErrorKind::refused:
            return {RemoteTroubleKind::refused, error.detail, error.retry_after};
        case CallErrorKind::not_found:
        case CallErrorKind::rate_limited:
        case CallErrorKind::unavailable:
        case CallErrorKind::stopped:
            break;
    }
    return {RemoteTroubleKind::later, error.detail, error.retry_after};
}

// Every remote job is asked for, and a key that was revoked is refused for each of them: one question in a
// while is enough to find out when that is mended. A pause of submits is no reason to ask nothing: what runs
// goes on.
std::optional<ports::RemoteTrouble> ServerlessBackend::refused_question() {
    const auto now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    if (!questions_refused_) return std::nullopt;
    if (now < next_question_) return questions_refused_;
    next_question_ = now + between_refused_questions;
    return std::nullopt;
}

ports::RemoteTrouble ServerlessBackend::refuse_questions(ports::RemoteTrouble trouble) {
    const auto now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    questions_refused_ = trouble;
    next_question_ = now + between_refused_questions;
    return trouble;
}

std::optional<std::string> ServerlessBackend::trouble() const {
    // Pictures that travel inside orders and answers need no place.
    if (settings_.worker != "worker_comfyui") {
        if (auto nowhere = places_.problem()) return nowhere;
    }
    {
        const std::lock_guard lock(mutex_);
        if (paused_) return paused_;
    }
    if (!client_.is_circuit_open()) return std::nullopt;
    return "RunPod could not be reached, or answered errors only, five times in a row. It is asked again "
           "soon.";
}

void ServerlessBackend::pause(std::string why) {
    const auto now = clock_.monotonic();
    {
        const std::lock_guard lock(mutex_);
        const bool known = paused_.has_value();
        paused_ = why;
        if (known) return;
        next_probe_ = paused_at_least_until_ = now + probe_period;
    }
    log::error("an endpoint is paused: the operator must act", {{"endpoint", info_.name}, {"why", why}});
}

void ServerlessBackend::probe() {
    const bool in_rest = client_.is_circuit_open();
    const auto now = clock_.monotonic();
    {
        const std::lock_guard lock(mutex_);
        if (!paused_ && !in_rest) return;
        if (now < next_probe_) return;
        next_probe_ = now + probe_period;
    }
    (void)health();
}

Result<EndpointHealth, CallError> ServerlessBackend::health() {
    auto health = client_.health();
    if (!health) {
        const auto& error = health.error();
        if (error.kind == CallErrorKind::auth || error.kind == CallErrorKind::funds ||
            error.kind == CallErrorKind::not_found)
            pause(must_act(name_of(error.kind), error.detail));
        return health;
    }
    const auto now = clock_.monotonic();
    bool goes_on = false;
    {
        const std::lock_guard lock(mutex_);
        goes_on = paused_ && now >= paused_at_least_until_;
        if (goes_on) paused_.reset();
    }
    if (goes_on) log::info("an endpoint goes on", {{"endpoint", info_.name}});
    return health;
}

void ServerlessBackend::set_api_key(std::string key) {
    client_.set_api_key(std::move(key));
    const auto now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    next_probe_ = paused_at_least_until_ = now;
    questions_refused_.reset();
}

}  // namespace darkroom::runpod
