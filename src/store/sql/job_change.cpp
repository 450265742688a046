#include "store/sql/job_change.h"

#include <algorithm>

#include "store/sql/attempt_rows.h"
#include "store/sql/chain_rows.h"
#include "store/sql/event_rows.h"
#include "store/sql/queue_rows.h"
#include "store/sql/remote_rows.h"
#include "store/sql/retention.h"

namespace darkroom::store {
namespace {

using core::Effect;
using core::JobEventKind;
using core::Status;
using ports::AttemptFailed;
using ports::AttemptSucceeded;

void close(Transaction& transaction, const JobHead& job, const Change& change, Status how) {
    if (how == Status::cancelled) {
        close_attempt_cancelled(transaction.db, job.seq, *change.attempt, change.now);
    } else if (const auto* const failed = std::get_if<AttemptFailed>(change.end)) {
        close_attempt(transaction.db, job.seq, *change.attempt, *failed, change.now);
    } else {
        close_with(transaction, job, *change.attempt, std::get<AttemptSucceeded>(*change.end), change.now);
    }
}

void enqueue_changed(Transaction& transaction, JobHead& job, const Change& change) {
    const auto* const failed = change.end != nullptr ? std::get_if<AttemptFailed>(change.end) : nullptr;
    if (failed != nullptr && failed->retry_as) set_recipe(transaction.db, job, *failed->retry_as);
    if (change.waits) return;
    if (change.due && *change.due > change.now) {
        enqueue_delayed(transaction, job, *change.due);
    } else {
        store::enqueue(transaction, job);
    }
}

void apply_to_attempt(Transaction& transaction, const JobHead& job, const core::Transition& transition,
                      const Change& change) {
    auto& db = transaction.db;
    if (transition.attempt == Status::running) mark_attempt_running(db, job.seq, *change.attempt, change.now);
    if (has(transition.effects, Effect::drop_attempt)) {
        forget_remote_jobs(db, *change.attempt_id);
        drop_attempt(db, job.seq, *change.attempt);
    }
    if (has(transition.effects, Effect::close_attempt)) close(transaction, job, change, *transition.attempt);
    if (has(transition.effects, Effect::stop_backend)) {
        mark_stopping(db, *change.attempt_id);
        transaction.news.stops = true;
    }
    if (has(transition.effects, Effect::free_slot)) {
        remove_inflight(transaction, *change.attempt_id, flow_of(job));
        transaction.news.ready = true;  // the endpoint may take another job
    }
}

void apply_to_job(JobHead& job, const core::Transition& transition, const Change& change) {
    job.status = transition.job;
    job.updated_at = change.now;
    if (transition.job == Status::running && !job.started_at) job.started_at = change.now;
    if (has(transition.effects, Effect::drop_attempt)) --job.attempt_count;
    if (has(transition.effects, Effect::reopen)) {
        job.finished_at.reset();
        job.error.reset();
    }
    if (change.kind == JobEventKind::rerun) job.rerun_after = job.attempt_count;
    if (change.kind == JobEventKind::requeue || change.kind == JobEventKind::rerun)
        job.attempts_forgiven = job.attempt_count;
    if (has(transition.effects, Effect::finish)) job.finished_at = change.now;
    if (has(transition.effects, Effect::select_attempt)) {
        job.selected_attempt = change.attempt_id;
        job.thumbnail = std::get<AttemptSucceeded>(*change.end).thumbnail;
    }
    if (transition.job == Status::failed) job.error = std::get<AttemptFailed>(*change.end).error;
}

void note_move(Transaction& transaction, const JobHead& job, const core::Transition& transition,
               const Change& change, TimePoint since) {
    auto move = move_of(job, change.kind, since, change.now);
    move.endpoint = change.endpoint;
    if (transition.attempt && core::is_terminal(*transition.attempt)) {
        move.attempt = transition.attempt;
        move.ran = std::max(Milliseconds(0), change.now - since);
    }
    const auto* const failed = change.end != nullptr ? std::get_if<AttemptFailed>(change.end) : nullptr;
    if (failed != nullptr) move.error = failed->error.code;
    transaction.news.moves.push_back(std::move(move));
}

}  // namespace

ports::JobMove move_of(const JobHead& job, JobEventKind event, TimePoint since, TimePoint now) {
    ports::JobMove move;
    move.event = event;
    move.after = job.status;
    move.type = job.type;
    move.is_step = job.chain_seq.has_value();
    // A step begins to wait when the one before it has ended, which its own row does not tell.
    const bool is_first_claim =
        event == JobEventKind::claim && job.attempt_count == job.attempts_forgiven + 1;
    if (is_first_claim && !move.is_step) move.waited = std::max(Milliseconds(0), now - since);
    if (core::is_terminal(job.status)) move.total = std::max(Milliseconds(0), now - job.created_at);
    return move;
}

bool perform(Transaction& transaction, JobHead& job, const Change& change) {
    const auto transition = core::next(job.status, change.kind, job.selected_attempt.has_value());
    if (!transition) {
        transaction.news.moves_lost.emplace_back(job.status, change.kind);
        return false;
    }
    auto& db = transaction.db;
    const auto from = job.status;
    const auto since = job.updated_at;
    if (has(transition->effects, Effect::dequeue) && change.kind != JobEventKind::claim)
        dequeue(transaction, job);
    if (has(transition->effects, Effect::reopen)) note_reopening(db, job);
    if (change.attempt_id && change.kind != JobEventKind::claim)
        apply_to_attempt(transaction, job, *transition, change);
    apply_to_job(job, *transition, change);
    if (has(transition->effects, Effect::enqueue)) enqueue_changed(transaction, job, change);
    update_job(transaction, job, from);
    if (has(transition->effects, Effect::finish)) note_end(transaction, job, change.now);
    tell(transaction, job, std::string(core::to_string(change.kind)), change);
    note_move(transaction, job, *transition, change, since);
    return true;
}

void tell(Transaction& transaction, const JobHead& job, std::string kind, const Change& change) {
    core::JobEvent event;
    event.kind = std::move(kind);
    event.status = job.status;
    event.actor = change.actor;
    event.attempt = change.attempt;
    event.data_json = change.data_json;
    event.at = change.now;
    append_event(transaction.db, job.seq, event);
    transaction.news.changed.push_back(job.id);
    if (job.chain_seq) transaction.news.changed.push_back(chain_id(transaction.db, *job.chain_seq));
}

void close_with(Transaction& transaction, const JobHead& job, int number, const AttemptSucceeded& end,
                TimePoint now) {
    close_attempt(transaction.db, job.seq, number, end, now);
    std::int64_t bytes = 0;
    for (const auto& output : end.outputs) bytes += static_cast<std::int64_t>(output.bytes);
    transaction.tallies.add(tally::outputs, job.user.str(), bytes);
}

void let_go(Transaction& transaction, const AttemptId& attempt, const std::string& counting, TimePoint now) {
    if (make_unwanted(transaction.db, attempt, counting, now) > 0) transaction.news.remote_due = true;
}

}  // namespace darkroom::store
