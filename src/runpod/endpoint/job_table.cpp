#include "runpod/endpoint/job_table.h"

#include <algorithm>

#include "base/check.h"

namespace darkroom::runpod::endpoint {
namespace {

constexpr std::string_view lost_text = "job timed out after 1 retries";

Milliseconds between(Instant from, Instant to) {
    return std::max(Milliseconds(0), std::chrono::floor<Milliseconds>(to - from));
}

}  // namespace

JobObject view_of(const Job& job, Instant now) {
    JobObject view;
    view.id = RemoteJobId::parse(job.id).value_or(RemoteJobId{});
    view.state = job.state;
    const bool hidden = job.shown_final && now < *job.shown_final;
    if (is_final(job.state) && (hidden || job.is_overwritten)) view.state = JobState::in_progress;
    if (view.state != JobState::in_queue) {
        view.delay = job.delay;
        // Final objects always name a worker: some clients' models require it.
        view.worker_id = job.worker;
        view.retries = job.retries;
    }
    if (view.state == JobState::in_progress) {
        view.output_json = job.progress_json;
    } else if (is_final(view.state)) {
        view.delay = job.delay.value_or(Milliseconds(0));
        view.execution = job.execution.value_or(Milliseconds(0));
        view.output_json = job.output_json;
        view.error = job.error;
    }
    return view;
}

void JobTable::add(Job job) {
    DR_CHECK(!jobs_.contains(job.id));
    auto& kept = jobs_[job.id];
    kept = std::move(job);
    enqueue(kept);
}

Job* JobTable::find(const std::string& id) {
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : &found->second;
}

void JobTable::remove(const std::string& id) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return;
    leave_state(found->second);
    jobs_.erase(found);
}

void JobTable::enqueue(Job& job) {
    job.state = JobState::in_queue;
    ++queued_;
    const bool low = job.request.policy.low_priority;
    if (!low) ++normal_queued_;
    (low ? low_ : normal_).push_back(job.id);
}

void JobTable::leave_state(const Job& job) {
    if (job.state == JobState::in_queue) {
        --queued_;
        if (!job.request.policy.low_priority) --normal_queued_;
    } else if (job.state == JobState::in_progress) {
        --running_;
    }
}

// Ids whose job has left the queue some other way are dropped here, when they are met. Jobs that are held
// back are put aside for good: nothing but their ttl ends them.
Job* JobTable::first_in(std::deque<std::string>& queue) {
    while (!queue.empty()) {
        auto* job = find(queue.front());
        if (job != nullptr && job->state == JobState::in_queue && !job->is_held_back) return job;
        queue.pop_front();
    }
    return nullptr;
}

Job* JobTable::next_for(const std::string& worker) {
    for (auto it = again_.begin(); it != again_.end();) {
        auto* job = find(*it);
        if (job == nullptr || job->state != JobState::in_progress) {
            it = again_.erase(it);
        } else if (job->worker == worker) {
            ++it;
        } else {
            again_.erase(it);
            return job;
        }
    }
    if (auto* job = first_in(normal_)) return job;
    return first_in(low_);
}

std::vector<Job*> JobTable::take(const std::string& worker, std::size_t count, Instant now) {
    std::vector<Job*> taken;
    while (taken.size() < count) {
        auto* job = next_for(worker);
        if (job == nullptr) break;
        dispatch(*job, worker, now);
        taken.push_back(job);
    }
    return taken;
}

void JobTable::dispatch(Job& job, const std::string& worker, Instant now) {
    leave_state(job);
    job.state = JobState::in_progress;
    ++running_;
    job.worker = worker;
    job.started = job.listed = now;
    job.delay = between(job.queued, now);
    ++job.dispatches;
}

void JobTable::offer_again(const std::string& id) { again_.push_back(id); }

void JobTable::end(Job& job, JobState state, Instant now) {
    DR_CHECK(is_final(state) && !is_final(job.state));
    if (job.state == JobState::in_queue) job.delay = between(job.queued, now);
    if (job.started && job.state == JobState::in_progress) job.execution = between(*job.started, now);
    leave_state(job);
    job.state = state;
    job.ended = now;
    if (state == JobState::completed) ++totals_.completed;
    if (state == JobState::failed || state == JobState::timed_out) ++totals_.failed;
}

void JobTable::restart(Job& job, Instant now) {
    DR_CHECK(is_final(job.state));
    job.output_json.reset();
    job.progress_json.reset();
    job.error.reset();
    job.delay.reset();
    job.execution.reset();
    job.ended.reset();
    job.started.reset();
    job.shown_final.reset();
    job.chunks.clear();
    job.chunk_bytes = 0;
    job.retries = 0;
    job.worker.clear();
    job.is_frozen = job.is_deaf = job.is_overwritten = job.was_shown_final = false;
    job.queued = now;
    ++totals_.retried;
    enqueue(job);
}

std::vector<Job> JobTable::purge() {
    std::vector<Job> removed;
    for (auto it = jobs_.begin(); it != jobs_.end();) {
        if (it->second.state == JobState::in_queue) {
            leave_state(it->second);
            removed.push_back(std::move(it->second));
            it = jobs_.erase(it);
        } else {
            ++it;
        }
    }
    return removed;
}

std::size_t JobTable::wanting_workers() const { return normal_queued_; }

Milliseconds JobTable::longest_wait(Instant now) const {
    for (const auto& id : normal_) {
        const auto found = jobs_.find(id);
        if (found != jobs_.end() && found->second.state == JobState::in_queue)
            return between(found->second.queued, now);
    }
    return Milliseconds(0);
}

std::vector<Expiry> JobTable::expire(Instant now, const std::function<bool(const std::string&)>& lost) {
    std::vector<Expiry> expiries;
    for (auto it = jobs_.begin(); it != jobs_.end();) {
        if (expire_one(it->second, now, lost, expiries)) {
            leave_state(it->second);
            it = jobs_.erase(it);
        } else {
            ++it;
        }
    }
    return expiries;
}

/// True if the job is to be removed.
bool JobTable::expire_one(Job& job, Instant now, const std::function<bool(const std::string&)>& lost,
                          std::vector<Expiry>& expiries) {
    using What = Expiry::What;
    if (is_final(job.state)) {
        if (now - *job.ended < (job.sync ? rules_.sync_retention : rules_.run_retention)) return false;
        expiries.push_back({What::forgotten, job, "", Milliseconds(0)});
        return true;
    }
    const bool running = job.state == JobState::in_progress;
    if (now - job.submitted >= job.ttl) {
        const auto busy = running ? between(*job.started, now) : Milliseconds(0);
        expiries.push_back({What::ttl_over, job, running ? job.worker : "", busy});
        return true;
    }
    if (!running) return false;
    if (now - *job.started >= job.execution_timeout) {
        const auto worker = job.worker;
        job.error =
            "job exceeded its execution timeout of " + std::to_string(job.execution_timeout.count()) + " ms";
        end(job, rules_.state_after_timeout, now);
        expiries.push_back({What::timed_out, job, worker, *job.execution});
        return false;
    }
    if (!job.is_frozen && (now - job.listed >= rules_.lease || lost(job.worker))) lose(job, now, expiries);
    return false;
}

void JobTable::lose(Job& job, Instant now, std::vector<Expiry>& expiries) {
    const auto worker = job.worker;
    const auto busy = between(*job.started, now);
    if (job.retries >= rules_.losses_max) {
        job.error = lost_text;
        end(job, JobState::failed, now);
        return expiries.push_back({Expiry::What::lost, job, worker, busy});
    }
    leave_state(job);
    ++job.retries;
    ++totals_.retried;
    job.queued = now;
    job.delay.reset();
    job.started.reset();
    job.progress_json.reset();
    job.is_deaf = false;
    enqueue(job);
    expiries.push_back({Expiry::What::requeued, job, worker, busy});
}

}  // namespace darkroom::runpod::endpoint
