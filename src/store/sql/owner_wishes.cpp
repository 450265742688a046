#include "store/sql/owner_wishes.h"

#include "store/sql/attempt_rows.h"
#include "store/sql/chain_steps.h"
#include "store/sql/event_rows.h"
#include "store/sql/queue_rows.h"
#include "store/sql/retention.h"

namespace darkroom::store {
namespace {

using core::Effect;
using core::JobEventKind;
using core::Status;

Change wish(JobEventKind kind, const std::string& actor, TimePoint now) {
    return {.kind = kind, .actor = actor, .now = now, .attempt = {}, .attempt_id = {}, .due = {}};
}

// Of a job that may be tried again as `change` says.
ports::RequeueOutcome try_again(Transaction& transaction, JobHead& job, const Change& change) {
    const auto status = job.status;
    if (!perform(transaction, job, change)) return ports::NotAllowedNow{status};
    return ports::JobRequeued{};
}

}  // namespace

ports::CancelOutcome cancel_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                const std::string& actor, TimePoint now) {
    auto job = find_job_head(transaction.db, access, id);
    if (!job) return ports::NotFound{};
    const auto status = job->status;
    if (job->chain_seq) return ports::NotAllowedNow{status};
    if (job->is_chain) return cancel_chain(transaction, *job, actor, now);
    auto change = wish(JobEventKind::cancel, actor, now);
    const auto transition = core::next(status, change.kind);
    if (transition && transition->attempt) {
        change.attempt = job->attempt_count;
        change.attempt_id = attempt_id(transaction.db, job->seq, job->attempt_count);
        if (const auto row = find_inflight(transaction.db, *change.attempt_id))
            change.endpoint = row->endpoint;
    }
    if (!perform(transaction, *job, change)) return ports::NotAllowedNow{status};
    if (change.attempt_id) let_go(transaction, *change.attempt_id, "", now);
    ports::JobCancelled cancelled;
    if (has(transition->effects, Effect::stop_backend)) cancelled.stop.push_back(*change.attempt_id);
    return cancelled;
}

ports::RequeueOutcome requeue_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                  const std::string& actor, TimePoint now) {
    auto job = find_job_head(transaction.db, access, id);
    if (!job) return ports::NotFound{};
    if (job->chain_seq) return ports::NotAllowedNow{job->status};
    if (job->is_chain) return requeue_chain(transaction, *job, actor, now);
    if (core::next(job->status, JobEventKind::requeue) && inputs_removed(transaction.db, job->seq))
        return ports::InputsRemoved{};
    return try_again(transaction, *job, wish(JobEventKind::requeue, actor, now));
}

ports::RequeueOutcome rerun_job(Transaction& transaction, const ports::Access& access, const JobId& id,
                                const ports::WorkPlan& plan, const std::string& actor, TimePoint now) {
    auto& db = transaction.db;
    auto job = find_job_head(db, access, id);
    if (!job) return ports::NotFound{};
    if (job->chain_seq || job->is_chain || !core::next(job->status, JobEventKind::rerun))
        return ports::NotAllowedNow{job->status};
    if (inputs_removed(db, job->seq)) return ports::InputsRemoved{};
    set_plan(db, *job, plan);
    auto change = wish(JobEventKind::rerun, actor, now);
    change.data_json = plan_data(plan);
    return try_again(transaction, *job, change);
}

// Choosing what is shown already changes nothing, so that a repeated request leaves no second trace.
ports::SelectOutcome select_attempt(Transaction& transaction, const ports::Access& access, const JobId& id,
                                    const AttemptId& attempt, const std::string& actor, TimePoint now) {
    auto& db = transaction.db;
    auto job = find_job_head(db, access, id);
    if (!job) return ports::NotFound{};
    const auto result = find_result(db, job->seq, attempt);
    if (!result) return ports::NoSuchAttempt{};
    if (result->status != Status::succeeded || result->outputs.empty() || outputs_removed(db, job->seq))
        return ports::AttemptWithoutResult{};
    if (job->selected_attempt == attempt) return ports::AttemptSelected{};
    job->selected_attempt = attempt;
    job->thumbnail = result->thumbnail;
    job->updated_at = now;
    update_job(transaction, *job, job->status);
    auto change = wish(JobEventKind::succeed, actor, now);
    change.attempt = result->number;
    change.attempt_id = attempt;
    tell(transaction, *job, "select", change);
    return ports::AttemptSelected{};
}

}  // namespace darkroom::store
