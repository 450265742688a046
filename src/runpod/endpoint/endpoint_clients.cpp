// What clients of the endpoint can do: submit jobs, ask about them, cancel, repeat and purge.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "runpod/endpoint/endpoint.h"

namespace darkroom::runpod::endpoint {
namespace {

constexpr std::size_t queue_free_of_limit = 50;
constexpr std::size_t queue_per_worker = 500;

/// What Darkroom wrote into the input about its attempt; a foreign input has nothing of the kind.
std::string marks_in(const std::string& input_json) {
    if (input_json.find("\"_darkroom\"") == std::string::npos) return {};
    const auto input = parse_json(input_json, input_json.size());
    if (!input || !input.value().is_object()) return {};
    const auto* marks = input.value().get_object().if_contains("_darkroom");
    if (marks == nullptr || !marks->is_object()) return {};
    auto text = boost::json::serialize(*marks);
    return text.size() <= 4'096 ? text : std::string{};
}

}  // namespace

std::string Endpoint::new_id(bool sync) { return (sync ? "sync-" : "") + random_.id<JobId>().str() + "-u1"; }

std::optional<std::string> Endpoint::submit(SubmitRequest request, bool sync) {
    auto marks = marks_in(request.input_json);
    Job job;
    job.id = new_id(sync);
    job.sync = sync;
    job.execution_timeout = request.policy.execution_timeout.value_or(settings_.execution_timeout);
    job.ttl = settings_.scaled(request.policy.ttl.value_or(settings_.ttl));
    job.request = std::move(request);
    job.marks_json = std::move(marks);
    const std::lock_guard lock(mutex_);
    const auto workers_max = std::size_t(nominal_scaling_.workers_max);
    if (settings_.queue_limit && jobs_.queued() > queue_free_of_limit &&
        jobs_.queued() >= workers_max * queue_per_worker)
        return std::nullopt;
    job.submitted = job.queued = now();
    journal_.note(clock_.now(), "submit", job.id, {{"webhook", job.request.webhook.value_or("")}},
                  job.marks_json);
    if (fires("ttl_expire", job.id)) job.ttl = Milliseconds(0);
    if (fires("never_dispatch", job.id)) job.is_held_back = true;
    auto id = job.id;
    jobs_.add(std::move(job));
    waiting_room_.notify(topic_of_queue());
    if (!older_id_.empty() && fires("same_id", id)) return older_id_;
    older_id_ = id;
    return id;
}

std::optional<JobObject> Endpoint::status(const std::string& id) {
    const std::lock_guard lock(mutex_);
    auto* job = jobs_.find(id);
    if (job == nullptr) return std::nullopt;
    auto view = distorted(*job, view_of(*job, now()));
    job->was_shown_final = job->was_shown_final || is_final(view.state);
    return view;
}

JobObject Endpoint::distorted(Job& job, JobObject view) {
    const auto pretend = [&view](JobState state) {
        view.state = state;
        view.output_json.reset();
        view.error.reset();
        view.execution.reset();
    };
    if (job.was_shown_final && fires("status_regress", job.id)) {
        pretend(JobState::in_progress);
    } else if (view.state != JobState::in_queue && fires("status_stale", job.id)) {
        pretend(is_final(view.state) ? JobState::in_progress : JobState::in_queue);
    }
    if (fires("status_unknown", job.id)) {
        pretend(JobState::unknown);
        view.state_text = "PONDERING";
    }
    return view;
}

std::optional<StreamPart> Endpoint::stream(const std::string& id) {
    const std::lock_guard lock(mutex_);
    auto* job = jobs_.find(id);
    if (job == nullptr) return std::nullopt;
    StreamPart part;
    part.state = view_of(*job, now()).state;
    part.chunks.assign(std::make_move_iterator(job->chunks.begin()),
                       std::make_move_iterator(job->chunks.end()));
    job->chunks.clear();
    job->chunk_bytes = 0;
    return part;
}

std::optional<JobObject> Endpoint::cancel(const std::string& id) {
    const std::lock_guard lock(mutex_);
    auto* job = jobs_.find(id);
    if (job == nullptr) return std::nullopt;
    journal_.note(clock_.now(), "cancel", id, {{"state", name_of(job->state)}});
    if (is_final(job->state)) return view_of(*job, now());
    const bool running = job->state == JobState::in_progress;
    const auto worker = job->worker;
    if (running && !fires("cancel_ignored", id)) tell_to_stop(worker, id);
    end(*job, JobState::cancelled, now());
    job = jobs_.find(id);  // a fault may have removed it at once
    if (job != nullptr) return view_of(*job, now());
    JobObject gone;
    gone.id = RemoteJobId::parse(id).value_or(RemoteJobId{});
    gone.state = JobState::cancelled;
    return gone;
}

RetryOutcome Endpoint::retry(const std::string& id) {
    const std::lock_guard lock(mutex_);
    auto* job = jobs_.find(id);
    if (job == nullptr) return RetryOutcome::unknown_job;
    if (job->state != JobState::failed && job->state != JobState::timed_out) return RetryOutcome::not_failed;
    journal_.note(clock_.now(), "retry", id);
    jobs_.restart(*job, now());
    waiting_room_.notify(topic_of_queue());
    return RetryOutcome::queued;
}

std::size_t Endpoint::purge() {
    const std::lock_guard lock(mutex_);
    const auto removed = jobs_.purge();
    for (const auto& job : removed) {
        journal_.note(clock_.now(), "expire", job.id, {{"why", "purge"}, {"state", name_of(job.state)}});
        waiting_room_.notify(topic_of_job(job.id));
    }
    return removed.size();
}

EndpointHealth Endpoint::health() {
    const std::lock_guard lock(mutex_);
    EndpointHealth health;
    health.jobs.completed = jobs_.totals().completed;
    health.jobs.failed = jobs_.totals().failed;
    health.jobs.retried = jobs_.totals().retried;
    health.jobs.in_queue = std::int64_t(jobs_.queued());
    health.jobs.in_progress = std::int64_t(jobs_.running());
    health.workers = fleet_.counts(now());
    return health;
}

std::vector<JobObject> Endpoint::requests(std::size_t at_most) {
    const std::lock_guard lock(mutex_);
    std::vector<JobObject> found;
    for (const auto& [id, job] : jobs_.jobs()) {
        if (found.size() == at_most) break;
        if (is_final(job.state)) continue;
        found.push_back(view_of(job, now()));
    }
    return found;
}

void Endpoint::forget(const std::string& id) {
    const std::lock_guard lock(mutex_);
    if (jobs_.find(id) == nullptr) return;
    journal_.note(clock_.now(), "expire", id, {{"why", "forgotten"}});
    jobs_.remove(id);
}

std::optional<Milliseconds> Endpoint::refuse(Operation operation) {
    const std::lock_guard lock(mutex_);
    return rates_.refuse(operation, now());
}

bool Endpoint::hold(Operation operation) {
    const std::lock_guard lock(mutex_);
    return rates_.hold(operation);
}

void Endpoint::let_go(Operation operation) {
    const std::lock_guard lock(mutex_);
    rates_.let_go(operation);
}

}  // namespace darkroom::runpod::endpoint
