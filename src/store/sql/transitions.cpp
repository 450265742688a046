#include "store/sql/transitions.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "store/sql/attempt_rows.h"
#include "store/sql/chain_rows.h"
#include "store/sql/chain_steps.h"
#include "store/sql/event_rows.h"
#include "store/sql/queue_rows.h"
#include "store/sql/remote_rows.h"
#include "store/sql/remote_submits.h"

namespace darkroom::store {
namespace {

using core::JobEventKind;
using core::Status;
using ports::Applied;
using ports::AttemptFailed;
using ports::AttemptSucceeded;

/// The row in flight of an attempt that this node looks after.
std::optional<InflightRow> find_held(const Transaction& transaction, const AttemptId& attempt) {
    auto row = find_inflight(transaction.db, attempt);
    if (row && row->node != transaction.node) return std::nullopt;
    return row;
}

/// The job of a row in flight, if this is still its newest attempt.
std::optional<JobHead> current_job(Database& db, const InflightRow& row) {
    auto job = find_job_head(db, row.job_seq);
    if (!job) throw SqlFailure::damaged("an attempt in flight has no job");
    if (job->attempt_count != row.number) return std::nullopt;
    return job;
}

/// Of the remote jobs of an attempt only the one counts that its caller has just heard of.
void let_go_of_the_others(Transaction& transaction, const AttemptId& attempt, std::int64_t job_seq,
                          int number, TimePoint now) {
    if (!has_remote_jobs(transaction.db, attempt)) return;
    std::string counting;
    {
        auto rows = transaction.db.query("SELECT remote_id FROM attempts WHERE job_seq = ? AND number = ?",
                                         job_seq, number);
        if (rows.next()) counting = rows.text(0);
    }
    let_go(transaction, attempt, counting, now);
}

/// As perform(), and the job's chain follows.
bool change_job(Transaction& transaction, JobHead& job, const Change& change) {
    if (!perform(transaction, job, change)) return false;
    follow_step(transaction, job, change.kind, change.now);
    return true;
}

Change end_change(const ports::AttemptEnd& end, const std::string& actor, TimePoint now) {
    Change change{.kind = JobEventKind::succeed,
                  .actor = actor,
                  .now = now,
                  .attempt = {},
                  .attempt_id = {},
                  .end = &end,
                  .due = {}};
    if (const auto* const failed = std::get_if<AttemptFailed>(&end)) {
        std::optional<Milliseconds> pause;
        if (failed->retry_at) pause = std::max(Milliseconds(0), *failed->retry_at - now);
        change.kind = failed->retry_at ? JobEventKind::retry_later : JobEventKind::give_up;
        change.data_json = failure_data(failed->error, pause, failed->retry_as);
        change.due = failed->retry_at;
    }
    return change;
}

core::Attempt open_attempt(Transaction& transaction, ports::Random& random, JobHead& head,
                           const core::Job& job, const ports::ClaimRequest& request) {
    auto& db = transaction.db;
    core::Attempt attempt;
    attempt.id = random.id<AttemptId>();
    attempt.number = ++head.attempt_count;
    attempt.backend = request.backend;
    attempt.endpoint = request.endpoint;
    attempt.params_json = job.params_effective_json;
    attempt.recipe = job.recipe;
    attempt.recipe_digest = job.recipe_digest;
    attempt.models_json = job.models_json;
    attempt.created_at = request.now;
    insert_attempt(db, head.seq, attempt);
    insert_inflight(db, attempt.id,
                    {head.seq, attempt.number, request.endpoint, false, transaction.node, flow_of(head)});
    if (request.remote) intend_first(transaction, head.seq, attempt, *request.remote);
    return attempt;
}

std::optional<ports::Claimed> claim_one(Transaction& transaction, ports::Random& random, const Place& place,
                                        const ports::ClaimRequest& request) {
    take_place(transaction, request.backend, place);
    auto found = find_head_and_job(transaction.db, place.job_seq);
    if (!found || !core::next(found->head.status, JobEventKind::claim)) {
        // Only a bug can have left this place in line. Refusing to claim would stop the whole queue for it.
        log::error("dropped a place in line without a waiting job", {{"job_seq", place.job_seq}});
        transaction.flow.freed({request.backend, place.user});
        return std::nullopt;
    }
    auto& head = found->head;
    ports::Claimed claimed{std::move(found->job)};
    auto attempt = open_attempt(transaction, random, head, claimed.job, request);
    const Change change{.kind = JobEventKind::claim,
                        .actor = "dispatcher",
                        .now = request.now,
                        .attempt = attempt.number,
                        .attempt_id = attempt.id,
                        .data_json = claim_data(request.endpoint),
                        .due = {},
                        .endpoint = request.endpoint};
    DR_CHECK(perform(transaction, head, change));
    claimed.job.status = head.status;
    claimed.job.updated_at = head.updated_at;
    claimed.job.attempts.push_back(std::move(attempt));
    return claimed;
}

}  // namespace

std::vector<ports::Claimed> claim_jobs(Transaction& transaction, ports::Random& random,
                                       const ports::ClaimRequest& request) {
    std::vector<ports::Claimed> claimed;
    auto& db = transaction.db;
    db.claim_alone(request.per_node ? request.endpoint + "@" + transaction.node.str() : request.endpoint);
    const auto taken = request.per_node ? count_inflight(db, request.endpoint, transaction.node)
                                        : db.count_inflight(request.endpoint);
    const auto free_slots = request.inflight_max - taken;
    const auto count_max = std::min<std::int64_t>(free_slots, request.jobs_max);
    if (count_max <= 0) return claimed;
    const auto places = first_in_line(transaction, request.backend, count_max);
    std::vector<SqlValue> seqs;
    seqs.reserve(places.size());
    for (const auto& place : places) seqs.push_back(to_sql(place.job_seq));
    db.foresee(whole_job_sql, seqs, 1);
    for (const auto& place : places) {
        if (auto one = claim_one(transaction, random, place, request)) claimed.push_back(*std::move(one));
    }
    return claimed;
}

Applied start_attempt(Transaction& transaction, const AttemptId& attempt, TimePoint now) {
    if (!find_held(transaction, attempt)) return Applied::stale;
    return start_by_worker(transaction, attempt, "", now);
}

Applied start_by_worker(Transaction& transaction, const AttemptId& attempt, const std::string& worker,
                        TimePoint now) {
    const auto row = find_inflight(transaction.db, attempt);
    if (!row) return Applied::stale;
    auto job = current_job(transaction.db, *row);
    if (!job) return Applied::stale;
    const Change change{.kind = JobEventKind::start,
                        .actor = "backend:" + row->endpoint,
                        .now = now,
                        .attempt = row->number,
                        .attempt_id = attempt,
                        .data_json = start_data(worker),
                        .due = {},
                        .endpoint = row->endpoint};
    return change_job(transaction, *job, change) ? Applied::applied : Applied::stale;
}

Applied finish_attempt(Transaction& transaction, const AttemptId& attempt, const ports::AttemptEnd& end,
                       const std::string& actor, TimePoint now) {
    const auto row = find_held(transaction, attempt);
    if (!row) return Applied::stale;
    let_go_of_the_others(transaction, attempt, row->job_seq, row->number, now);
    if (auto job = current_job(transaction.db, *row)) {
        auto change = end_change(end, actor, now);
        change.attempt = row->number;
        change.attempt_id = attempt;
        change.endpoint = row->endpoint;
        if (change_job(transaction, *job, change)) return Applied::applied;
    }
    remove_inflight(transaction, attempt, row->flow);
    transaction.news.ready = true;
    return Applied::stale;
}

// A job that was cancelled meanwhile only gets its slot back, and what was intended for it is over.
Applied give_back(Transaction& transaction, const AttemptId& attempt, std::optional<TimePoint> retry_at,
                  const std::string& why, TimePoint now) {
    auto& db = transaction.db;
    const auto row = find_held(transaction, attempt);
    if (!row) return Applied::stale;
    const auto remote = remote_jobs_of(db, attempt);
    const bool certain = std::all_of(remote.begin(), remote.end(), [](const auto& one) {
        return !one.named() && one.remote.state == ports::RemoteState::intended;
    });
    if (!certain) return Applied::stale;
    if (auto job = current_job(db, *row)) {
        std::optional<Milliseconds> retry_in;
        if (retry_at) retry_in = std::max(Milliseconds(0), *retry_at - now);
        const Change change{.kind = JobEventKind::give_back,
                            .actor = "dispatcher",
                            .now = now,
                            .attempt = row->number,
                            .attempt_id = attempt,
                            .data_json = give_back_data(why, retry_in),
                            .due = retry_at,
                            .endpoint = row->endpoint};
        if (change_job(transaction, *job, change)) return Applied::applied;
        if (!core::is_terminal(job->status) && !row->stopping)
            return Applied::stale;  // it works, so it was taken
    }
    forget_remote_jobs(db, attempt);
    remove_inflight(transaction, attempt, row->flow);
    transaction.news.ready = true;
    return Applied::stale;
}

bool may_succeed_late(Database& db, const JobHead& job, int number) {
    if (!core::next(job.status, JobEventKind::succeed_late) || number <= job.rerun_after) return false;
    if (attempt_status(db, job.seq, number) != Status::failed) return false;
    return !job.chain_seq || chain_takes_late_success(db, *job.chain_seq);
}

Applied succeed_late(Transaction& transaction, const AttemptId& attempt, const AttemptSucceeded& end,
                     const std::string& actor, TimePoint now) {
    auto& db = transaction.db;
    const auto remote = remote_jobs_of(db, attempt);
    if (remote.empty()) return Applied::stale;
    const auto number = remote.front().number;
    auto job = find_job_head(db, remote.front().job_seq);
    if (!job || !may_succeed_late(db, *job, number)) return Applied::stale;
    const ports::AttemptEnd whole = end;
    auto change = end_change(whole, actor, now);
    change.kind = JobEventKind::succeed_late;
    change.endpoint = remote.front().remote.endpoint;
    change.attempt = number;
    change.attempt_id = attempt;
    if (!perform(transaction, *job, change)) return Applied::stale;
    close_with(transaction, *job, number, end, now);
    let_go_of_the_others(transaction, attempt, job->seq, number, now);
    follow_step(transaction, *job, change.kind, now);
    return Applied::applied;
}

}  // namespace darkroom::store
