#include "store/sqlite/transitions.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "store/sqlite/attempt_rows.h"
#include "store/sqlite/event_rows.h"
#include "store/sqlite/queue_rows.h"
#include "store/sqlite/remote_rows.h"
#include "store/sqlite/remote_submits.h"
#include "store/sqlite/retention.h"

namespace darkroom::store {
namespace {

using core::Effect;
using core::JobEventKind;
using core::Status;
using ports::Applied;
using ports::AttemptFailed;
using ports::AttemptSucceeded;

/// One event on its way into the rows, with what the effects need of it.
struct Step {
    JobEventKind kind;
    std::string actor;
    TimePoint now{};
    std::optional<int> attempt;  // number, if the event is about one
    std::optional<AttemptId> attempt_id;
    std::string data_json = "{}";
    const ports::AttemptEnd* end = nullptr;  // of succeed, succeed_late, retry_later and give_up
    std::optional<TimePoint> due;            // of enqueue; unset = at once
};

void close(Database& db, const JobHead& job, const Step& step, Status how) {
    if (how == Status::cancelled) {
        close_attempt_cancelled(db, job.seq, *step.attempt, step.now);
    } else {
        std::visit([&](const auto& end) { close_attempt(db, job.seq, *step.attempt, end, step.now); },
                   *step.end);
    }
}

void enqueue(Transaction& transaction, const JobHead& job, const Step& step) {
    if (step.due && *step.due > step.now) {
        enqueue_delayed(transaction.db, job, *step.due);
    } else {
        enqueue_ready(transaction.db, job);
        transaction.news.ready = true;
    }
}

void apply_to_attempt(Transaction& transaction, const JobHead& job, const core::Transition& transition,
                      const Step& step) {
    auto& db = transaction.db;
    if (transition.attempt == Status::running) mark_attempt_running(db, job.seq, *step.attempt, step.now);
    if (has(transition.effects, Effect::drop_attempt)) {
        forget_remote_jobs(db, *step.attempt_id);
        drop_attempt(db, job.seq, *step.attempt);
    }
    if (has(transition.effects, Effect::close_attempt)) close(db, job, step, *transition.attempt);
    if (has(transition.effects, Effect::stop_backend)) mark_stopping(db, *step.attempt_id);
    if (has(transition.effects, Effect::free_slot)) {
        remove_inflight(db, *step.attempt_id);
        transaction.news.ready = true;  // the endpoint may take another job
    }
}

void apply_to_job(JobHead& job, const core::Transition& transition, const Step& step) {
    job.status = transition.job;
    job.updated_at = step.now;
    if (transition.job == Status::running && !job.started_at) job.started_at = step.now;
    if (has(transition.effects, Effect::drop_attempt)) --job.attempt_count;
    if (has(transition.effects, Effect::reopen)) {
        job.finished_at.reset();
        job.error.reset();
    }
    if (step.kind == JobEventKind::requeue) job.attempts_forgiven = job.attempt_count;
    if (has(transition.effects, Effect::finish)) job.finished_at = step.now;
    if (has(transition.effects, Effect::select_attempt)) {
        job.selected_attempt = step.attempt_id;
        if (const auto& thumbnail = std::get<AttemptSucceeded>(*step.end).thumbnail)
            job.thumbnail = thumbnail;
    }
    if (step.kind == JobEventKind::give_up) job.error = std::get<AttemptFailed>(*step.end).error;
}

/// Performs `step` on `job` if the table allows it; otherwise nothing changes. open_attempt is the claim's
/// own, done before.
bool perform(Transaction& transaction, JobHead& job, const Step& step) {
    const auto transition = core::next(job.status, step.kind);
    if (!transition) return false;
    const auto from = job.status;
    if (has(transition->effects, Effect::dequeue)) dequeue(transaction.db, job);
    if (step.attempt_id && step.kind != JobEventKind::claim)
        apply_to_attempt(transaction, job, *transition, step);
    apply_to_job(job, *transition, step);
    if (has(transition->effects, Effect::enqueue)) enqueue(transaction, job, step);
    update_job(transaction.db, job, from);
    if (has(transition->effects, Effect::reopen)) note_reopening(transaction.db, job.seq);
    if (has(transition->effects, Effect::finish)) note_end(transaction.db, job.seq, step.now);
    core::JobEvent event;
    event.kind = core::to_string(step.kind);
    event.status = job.status;
    event.actor = step.actor;
    event.attempt = step.attempt;
    event.data_json = step.data_json;
    event.at = step.now;
    append_event(transaction.db, job.seq, event);
    transaction.news.changed.push_back(job.id);
    return true;
}

/// The job of a row in flight, if this is still its newest attempt.
std::optional<JobHead> current_job(Database& db, const InflightRow& row) {
    auto job = find_job_head(db, row.job_seq);
    if (!job) throw SqlFailure::damaged("an attempt in flight has no job");
    if (job->attempt_count != row.number) return std::nullopt;
    return job;
}

/// From the end of an attempt on, nobody waits for what it left elsewhere.
void let_go(Transaction& transaction, const AttemptId& attempt, const std::string& counting, TimePoint now) {
    if (make_unwanted(transaction.db, attempt, counting, now) > 0) transaction.news.remote_due = true;
}

/// The remote job of an attempt that its caller has just heard of, if it is one that runs elsewhere.
std::string counting_remote_id(Database& db, std::int64_t job_seq, int number) {
    auto rows = db.query("SELECT remote_id FROM attempts WHERE job_seq = ? AND number = ?", job_seq, number);
    return rows.next() ? rows.text(0) : std::string();
}

Step end_step(const ports::AttemptEnd& end, const std::string& actor, TimePoint now) {
    Step step{.kind = JobEventKind::succeed,
              .actor = actor,
              .now = now,
              .attempt = {},
              .attempt_id = {},
              .end = &end,
              .due = {}};
    if (const auto* const failed = std::get_if<AttemptFailed>(&end)) {
        std::optional<Milliseconds> pause;
        if (failed->retry_at) pause = std::max(Milliseconds(0), *failed->retry_at - now);
        step.kind = failed->retry_at ? JobEventKind::retry_later : JobEventKind::give_up;
        step.data_json = failure_data(failed->error, pause);
        step.due = failed->retry_at;
    }
    return step;
}

core::Attempt open_attempt(Database& db, ports::Random& random, JobHead& head, const core::Job& job,
                           const ports::ClaimRequest& request) {
    core::Attempt attempt;
    attempt.id = random.id<AttemptId>();
    attempt.number = ++head.attempt_count;
    attempt.backend = request.backend;
    attempt.endpoint = request.endpoint;
    attempt.params_json = job.params_effective_json;
    attempt.recipe = job.recipe;
    attempt.created_at = request.now;
    insert_attempt(db, head.seq, attempt);
    insert_inflight(db, attempt.id, {head.seq, attempt.number, request.endpoint});
    if (request.remote) intend_first(db, head.seq, attempt, *request.remote);
    return attempt;
}

std::optional<ports::Claimed> claim_one(Transaction& transaction, ports::Random& random, const Place& place,
                                        const ports::ClaimRequest& request) {
    auto head = find_job_head(transaction.db, place.job_seq);
    if (!head || !core::next(head->status, JobEventKind::claim)) {
        // Only a bug can have left this place in line. Refusing to claim would stop the whole queue for it.
        log::error("dropped a place in line without a waiting job", {{"job_seq", place.job_seq}});
        leave_line(transaction.db, request.backend, place);
        return std::nullopt;
    }
    ports::Claimed claimed{*find_whole_job(transaction.db, place.job_seq)};
    auto attempt = open_attempt(transaction.db, random, *head, claimed.job, request);
    const Step step{.kind = JobEventKind::claim,
                    .actor = "dispatcher",
                    .now = request.now,
                    .attempt = attempt.number,
                    .attempt_id = attempt.id,
                    .data_json = claim_data(request.endpoint),
                    .due = {}};
    DR_CHECK(perform(transaction, *head, step));
    claimed.job.status = head->status;
    claimed.job.updated_at = head->updated_at;
    claimed.job.attempts.push_back(std::move(attempt));
    return claimed;
}

}  // namespace

std::vector<ports::Claimed> claim_jobs(Transaction& transaction, ports::Random& random,
                                       const ports::ClaimRequest& request) {
    std::vector<ports::Claimed> claimed;
    const auto free_slots = request.inflight_max - count_inflight(transaction.db, request.endpoint);
    const auto count_max = std::min<std::int64_t>(free_slots, request.jobs_max);
    if (count_max <= 0) return claimed;
    for (const auto& place : first_in_line(transaction.db, request.backend, count_max)) {
        if (auto one = claim_one(transaction, random, place, request)) claimed.push_back(*std::move(one));
    }
    return claimed;
}

Applied start_attempt(Transaction& transaction, const AttemptId& attempt, const std::string& worker,
                      TimePoint now) {
    const auto row = find_inflight(transaction.db, attempt);
    if (!row) return Applied::stale;
    auto job = current_job(transaction.db, *row);
    if (!job) return Applied::stale;
    const Step step{.kind = JobEventKind::start,
                    .actor = "backend:" + row->endpoint,
                    .now = now,
                    .attempt = row->number,
                    .attempt_id = attempt,
                    .data_json = start_data(worker),
                    .due = {}};
    return perform(transaction, *job, step) ? Applied::applied : Applied::stale;
}

Applied finish_attempt(Transaction& transaction, const AttemptId& attempt, const ports::AttemptEnd& end,
                       const std::string& actor, TimePoint now) {
    const auto row = find_inflight(transaction.db, attempt);
    if (!row) return Applied::stale;
    let_go(transaction, attempt, counting_remote_id(transaction.db, row->job_seq, row->number), now);
    if (auto job = current_job(transaction.db, *row)) {
        auto step = end_step(end, actor, now);
        step.attempt = row->number;
        step.attempt_id = attempt;
        if (perform(transaction, *job, step)) return Applied::applied;
    }
    remove_inflight(transaction.db, attempt);
    transaction.news.ready = true;
    return Applied::stale;
}

// A job that was cancelled meanwhile only gets its slot back, and what was intended for it is over.
Applied give_back(Transaction& transaction, const AttemptId& attempt, std::optional<TimePoint> retry_at,
                  const std::string& why, TimePoint now) {
    auto& db = transaction.db;
    const auto row = find_inflight(db, attempt);
    if (!row) return Applied::stale;
    const auto remote = remote_jobs_of(db, attempt);
    const bool certain = std::all_of(remote.begin(), remote.end(), [](const auto& one) {
        return !one.named() && one.remote.state == ports::RemoteState::intended;
    });
    if (!certain) return Applied::stale;
    if (auto job = current_job(db, *row)) {
        std::optional<Milliseconds> retry_in;
        if (retry_at) retry_in = std::max(Milliseconds(0), *retry_at - now);
        const Step step{.kind = JobEventKind::give_back,
                        .actor = "dispatcher",
                        .now = now,
                        .attempt = row->number,
                        .attempt_id = attempt,
                        .data_json = give_back_data(why, retry_in),
                        .due = retry_at};
        if (perform(transaction, *job, step)) return Applied::applied;
        if (!core::is_terminal(job->status) && !row->stopping)
            return Applied::stale;  // it works, so it was taken
    }
    forget_remote_jobs(db, attempt);
    remove_inflight(db, attempt);
    transaction.news.ready = true;
    return Applied::stale;
}

Applied succeed_late(Transaction& transaction, const AttemptId& attempt, const AttemptSucceeded& end,
                     const std::string& actor, TimePoint now) {
    auto& db = transaction.db;
    const auto remote = remote_jobs_of(db, attempt);
    if (remote.empty()) return Applied::stale;
    const auto number = remote.front().number;
    auto job = find_job_head(db, remote.front().job_seq);
    if (!job || attempt_status(db, job->seq, number) != Status::failed) return Applied::stale;
    const ports::AttemptEnd whole = end;
    Step step = end_step(whole, actor, now);
    step.kind = JobEventKind::succeed_late;
    step.attempt = number;
    step.attempt_id = attempt;
    if (!perform(transaction, *job, step)) return Applied::stale;
    close_attempt(db, job->seq, number, end, now);
    let_go(transaction, attempt, counting_remote_id(db, job->seq, number), now);
    return Applied::applied;
}

ports::CancelOutcome cancel_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                const std::string& actor, TimePoint now) {
    auto job = find_job_head(transaction.db, access, id);
    if (!job) return ports::NotFound{};
    const auto status = job->status;
    Step step{
        .kind = JobEventKind::cancel, .actor = actor, .now = now, .attempt = {}, .attempt_id = {}, .due = {}};
    const auto transition = core::next(status, step.kind);
    if (transition && transition->attempt) {
        step.attempt = job->attempt_count;
        step.attempt_id = attempt_id(transaction.db, job->seq, job->attempt_count);
    }
    if (!perform(transaction, *job, step)) return ports::NotAllowedNow{status};
    if (step.attempt_id) let_go(transaction, *step.attempt_id, "", now);
    ports::JobCancelled cancelled;
    if (has(transition->effects, Effect::stop_backend)) cancelled.stop.push_back(*step.attempt_id);
    return cancelled;
}

ports::RequeueOutcome requeue_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                  const std::string& actor, TimePoint now) {
    auto job = find_job_head(transaction.db, access, id);
    if (!job) return ports::NotFound{};
    const auto status = job->status;
    if (core::next(status, JobEventKind::requeue) && inputs_removed(transaction.db, job->seq))
        return ports::InputsRemoved{};
    const Step step{.kind = JobEventKind::requeue,
                    .actor = actor,
                    .now = now,
                    .attempt = {},
                    .attempt_id = {},
                    .due = {}};
    if (!perform(transaction, *job, step)) return ports::NotAllowedNow{status};
    return ports::JobRequeued{};
}

}  // namespace darkroom::store
