// What workers of the endpoint can do: take jobs, report progress, chunks and ends, show that they live.
#include <algorithm>

#include "runpod/endpoint/endpoint.h"

namespace darkroom::runpod::endpoint {
namespace {

constexpr int reports_of_one_result = 3;  // that the official worker makes before it gives up

}  // namespace

std::vector<TakenJob> Endpoint::take(const std::string& worker, const std::string& gpu, std::size_t at_most) {
    const std::lock_guard lock(mutex_);
    const auto at = now();
    fleet_.seen(worker, gpu, at);
    fleet_.polled(worker, at);
    scale(at);
    std::vector<TakenJob> taken;
    if (!fleet_.may_take(worker, at)) return taken;
    for (auto* job : jobs_.take(worker, at_most, at)) hand_out(*job, worker, taken);
    return taken;
}

void Endpoint::poll_begins(const std::string& worker, const std::string& gpu) {
    const std::lock_guard lock(mutex_);
    fleet_.seen(worker, gpu, now());
    fleet_.poll_begins(worker, now());
}

void Endpoint::poll_ends(const std::string& worker) {
    const std::lock_guard lock(mutex_);
    fleet_.poll_ends(worker, now());
}

void Endpoint::hand_out(Job& job, const std::string& worker, std::vector<TakenJob>& taken) {
    fleet_.took(worker, job.id);
    journal_.note(clock_.now(), "take", job.id,
                  {{"worker", worker}, {"dispatch", std::int64_t(job.dispatches)}}, job.marks_json);
    TakenJob given;
    given.id = RemoteJobId::parse(job.id).value_or(RemoteJobId{});
    given.input_json = job.request.input_json;
    given.webhook = job.request.webhook;
    given.s3_config_json = job.request.s3_config_json;
    taken.push_back(std::move(given));
    waiting_room_.notify(topic_of_job(job.id));
    if (fires("redispatch", job.id)) {
        jobs_.offer_again(job.id);
        waiting_room_.notify(topic_of_queue());
    }
}

std::uint64_t Endpoint::result_bytes_max(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto* job = jobs_.find(id);
    return job != nullptr && job->sync ? settings_.sync_bytes_max : settings_.run_bytes_max;
}

DoneOutcome Endpoint::done(const std::string& worker, const std::string& id, DoneReport report,
                           std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto at = now();
    fleet_.seen(worker, "", at);
    auto* job = jobs_.find(id);
    if (job == nullptr) return {DoneOutcome::Kind::unknown_job, 404};
    if (report.is_progress) return progress(*job, std::move(report));
    journal_.note(clock_.now(), "result", id,
                  {{"worker", worker},
                   {"error", std::int64_t(report.error.has_value())},
                   {"late", std::int64_t(is_final(job->state))}},
                  job->marks_json);
    if (auto lost = lose_report(*job, worker, at)) return *lost;
    fleet_.gave_back(worker, id, at);
    if (is_final(job->state)) return {};  // somebody was faster, or it was cancelled: nothing to change
    if (job->is_frozen || fires("freeze", id)) {
        job->is_frozen = true;
        return {};
    }
    const auto bytes_max = job->sync ? settings_.sync_bytes_max : settings_.run_bytes_max;
    if (bytes > bytes_max || fires("result_too_large", id)) {
        end_without_room(*job, at);
        return {DoneOutcome::Kind::too_large, 400};
    }
    take_result(*job, std::move(report), at);
    return fires("done_drop", id) ? DoneOutcome{DoneOutcome::Kind::cut, 0} : DoneOutcome{};
}

/// Faults by which a result is never heard.
std::optional<DoneOutcome> Endpoint::lose_report(Job& job, const std::string& worker, Instant now) {
    if (is_final(job.state)) return std::nullopt;
    if (job.is_deaf && job.worker == worker) return DoneOutcome{DoneOutcome::Kind::cut, 0};
    if (fires("worker_die", job.id)) {
        job.is_deaf = true;
        return DoneOutcome{DoneOutcome::Kind::cut, 0};
    }
    if (job.reports_to_lose == 0 && fires("report_lost", job.id)) job.reports_to_lose = reports_of_one_result;
    if (job.reports_to_lose > 0) {
        if (--job.reports_to_lose == 0) {
            job.error = "job timed out: the worker failed to report";
            end(job, JobState::timed_out, now);
        }
        return DoneOutcome{DoneOutcome::Kind::failed, 500};
    }
    if (const auto status = fires("done_5xx", job.id))
        return DoneOutcome{DoneOutcome::Kind::failed, int(*status)};
    return std::nullopt;
}

void Endpoint::take_result(Job& job, DoneReport report, Instant now) {
    // A result of a worker that was given up is as good as any: execution is at least once.
    if (job.state == JobState::in_queue) {
        job.started = now;
        job.delay = std::chrono::floor<Milliseconds>(now - job.queued);
    }
    if (report.error_is_no_text) {
        report.output_json.reset();  // as the platform does: COMPLETED, and nothing in it
        report.error.reset();
    }
    const bool failed = report.error.has_value();
    job.error = std::move(report.error);
    job.output_json = std::move(report.output_json);
    if (!failed && fires("lost_output", job.id)) job.output_json.reset();
    end(job, failed ? JobState::failed : JobState::completed, now);
}

void Endpoint::end_without_room(Job& job, Instant now) {
    job.output_json.reset();
    if (settings_.state_after_large_result == JobState::failed) job.error = "the result is too large";
    end(job, settings_.state_after_large_result, now);
}

DoneOutcome Endpoint::done_too_large(const std::string& worker, const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto at = now();
    fleet_.seen(worker, "", at);
    auto* job = jobs_.find(id);
    if (job == nullptr) return {DoneOutcome::Kind::unknown_job, 404};
    journal_.note(clock_.now(), "result", id, {{"worker", worker}, {"too_large", std::int64_t{1}}},
                  job->marks_json);
    if (!is_final(job->state)) end_without_room(*job, at);
    return {DoneOutcome::Kind::too_large, 400};
}

DoneOutcome Endpoint::progress(Job& job, DoneReport report) {
    journal_.note(clock_.now(), "progress", job.id, {{"late", std::int64_t(is_final(job.state))}});
    if (is_final(job.state)) {
        if (!settings_.progress_overwrites) return {};
        job.is_overwritten = true;
    }
    job.progress_json = std::move(report.output_json);
    job.listed = now();
    waiting_room_.notify(topic_of_job(job.id));
    return {};
}

bool Endpoint::add_chunk(const std::string& worker, const std::string& id, const StreamChunk& chunk) {
    const std::lock_guard lock(mutex_);
    fleet_.seen(worker, "", now());
    auto* job = jobs_.find(id);
    if (job == nullptr) return false;
    if (is_final(job->state) || !chunk.output_json) return true;
    job->listed = now();
    if (job->chunk_bytes + chunk.output_json->size() > settings_.jobs.chunk_bytes_max) return true;
    job->chunk_bytes += chunk.output_json->size();
    job->chunks.push_back(*chunk.output_json);
    waiting_room_.notify(topic_of_job(id));
    return true;
}

std::vector<RemoteJobId> Endpoint::take_stops(const std::string& worker, const std::string& gpu) {
    const std::lock_guard lock(mutex_);
    fleet_.seen(worker, gpu, now());
    std::vector<RemoteJobId> ids;
    const auto found = stops_.find(worker);
    if (found == stops_.end()) return ids;
    for (const auto& id : found->second) {
        if (auto parsed = RemoteJobId::parse(id)) ids.push_back(*std::move(parsed));
    }
    stops_.erase(found);
    return ids;
}

void Endpoint::ping(const std::string& worker, const std::string& gpu, std::span<const RemoteJobId> jobs) {
    const std::lock_guard lock(mutex_);
    const auto at = now();
    fleet_.seen(worker, gpu, at);
    for (const auto& id : jobs) {
        auto* job = jobs_.find(id.str());
        if (job != nullptr && job->worker == worker && !job->is_deaf) job->listed = at;
    }
}

void Endpoint::unhealthy(const std::string& worker, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    fleet_.unhealthy(worker, reason, now());
    journal_.note(clock_.now(), "unhealthy", "", {{"worker", worker}, {"reason", reason}});
}

}  // namespace darkroom::runpod::endpoint
