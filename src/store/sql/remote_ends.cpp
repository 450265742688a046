#include "store/sql/remote_ends.h"

#include <algorithm>

#include "store/sql/cost_rows.h"
#include "store/sql/job_rows.h"
#include "store/sql/remote_rows.h"
#include "store/sql/transitions.h"

namespace darkroom::store {
namespace {

constexpr std::string_view success = "succeeded";

// Could its result still become the job's? Then it is looked for, not cancelled.
bool may_succeed_late(Database& db, const RemoteRow& row) {
    const auto job = find_job_head(db, row.job_seq);
    return job && may_succeed_late(db, *job, row.number);
}

void open_again(Transaction& transaction, const RemoteRow& row, TimePoint now) {
    auto& db = transaction.db;
    const bool unwanted = row.remote.unwanted && !may_succeed_late(db, row);
    db.post(
        "UPDATE remote_jobs SET state = 'submitted', ended_at = NULL, ended_as = '', look_at = ?2, unwanted "
        "= ?3, node = ?4 WHERE seq = ?1",
        row.seq, now, unwanted, transaction.node);
}

ports::RemoteEnd merged(const ports::RemoteJob& before, ports::RemoteEnd end) {
    if (before.ended_as == success) end.ended_as = success;
    end.cost_micro_usd = std::max<std::int64_t>(0, end.cost_micro_usd);
    if (!end.execution && end.cost_micro_usd == 0) end.cost_micro_usd = before.cost_micro_usd;
    if (!end.execution) end.execution = before.execution;
    if (!end.delay) end.delay = before.delay;
    return end;
}

// Returns the day in whose costs the remote job is now; empty = it is in none.
std::string count_cost(Database& db, const RemoteRow& row, const ports::RemoteEnd& end, TimePoint now) {
    const auto execution = end.execution.value_or(Milliseconds(0));
    const auto counted = row.remote.execution.value_or(Milliseconds(0));
    const bool first = row.cost_day.empty();
    if (first && !row.named() && end.cost_micro_usd == 0) return {};  // nobody knows that it ever was
    auto day = first ? day_of(now) : row.cost_day;
    add_costs(db, row.job_seq, row.remote.endpoint,
              {.day = day,
               .remote_jobs = first ? 1 : 0,
               .execution = first ? execution : execution - counted,
               .cost_micro_usd = end.cost_micro_usd - row.remote.cost_micro_usd});
    return day;
}

// Delay and execution of an attempt are those of the remote job that counts; it costs what all of them cost.
void tell_in_attempt(Database& db, const RemoteRow& row, const ports::RemoteEnd& end) {
    const auto cost = end.cost_micro_usd - row.remote.cost_micro_usd;
    db.post(
        "UPDATE attempts SET cost_micro_usd = cost_micro_usd + ?3,"
        " delay_ms = CASE WHEN remote_id = ?4 THEN coalesce(?5, delay_ms) ELSE delay_ms END,"
        " execution_ms = CASE WHEN remote_id = ?4 THEN coalesce(?6, execution_ms) ELSE execution_ms END,"
        " gpu = CASE WHEN ?7 <> '' AND (remote_id = ?4 OR gpu = '') THEN ?7 ELSE gpu END"
        " WHERE job_seq = ?1 AND number = ?2",
        row.job_seq, row.number, cost, row.remote.remote_id, end.delay, end.execution, end.gpu);
}

}  // namespace

// What it waits for is the job's news only when it changes, or a long wait would tell the same every second.
void note_look(Transaction& transaction, const ports::RemoteJobRef& ref, const ports::RemoteNote& note) {
    auto& db = transaction.db;
    const auto row = find_remote_job(db, ref);
    if (!row || !row->open() || row->node != transaction.node) return;
    db.post(
        "UPDATE remote_jobs SET phase_seen = CASE WHEN phase_seen < ?2 THEN ?2 ELSE phase_seen END, looks = "
        "looks + 1, look_at = ?3 WHERE seq "
        "= "
        "?1",
        row->seq, note.phase_seen, note.look_at);
    const auto told = db.run(
        "UPDATE attempts SET waiting_for = ?3 WHERE job_seq = ?1 AND number = ?2 AND status = 'DISPATCHED'"
        " AND waiting_for <> ?3",
        row->job_seq, row->number, note.waiting_for);
    if (told > 0) transaction.news.changed.push_back(row->remote.job);
}

bool hurry(Transaction& transaction, const AttemptId& attempt, const std::string& remote_id,
           bool tells_success, TimePoint now) {
    const auto rows = remote_jobs_of(transaction.db, attempt);
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& candidate) {
        return candidate.named() && candidate.remote.remote_id == remote_id;
    });
    if (row == rows.end()) return false;
    if (row->open()) {
        transaction.db.post(
            "UPDATE remote_jobs SET look_at = CASE WHEN look_at > ?2 THEN ?2 ELSE look_at END WHERE seq = ?1",
            row->seq, now);
    } else if (tells_success && row->remote.ended_as != success) {
        open_again(transaction, *row, now);
    } else {
        return false;
    }
    transaction.news.remote_due = true;
    return true;
}

void end_remote_job(Transaction& transaction, const ports::RemoteJobRef& ref, const ports::RemoteEnd& told,
                    TimePoint now) {
    auto& db = transaction.db;
    const auto row = find_remote_job(db, ref);
    // An open one is told by who looks after it alone: another may have begun anew what this one thinks over.
    if (!row || (row->open() && row->node != transaction.node)) return;
    const auto end = merged(row->remote, told);
    const auto day = count_cost(db, *row, end, now);
    std::optional<std::string_view> cost_day;
    if (!day.empty()) cost_day = day;
    db.post(
        "UPDATE remote_jobs SET state = 'ended', ended_at = coalesce(ended_at, ?2), ended_as = ?3, delay_ms "
        "= "
        "?4, execution_ms = ?5, cost_micro_usd = ?6, cost_day = ?7 WHERE seq = ?1",
        row->seq, now, end.ended_as, end.delay, end.execution, end.cost_micro_usd, cost_day);
    tell_in_attempt(db, *row, end);
    transaction.news.changed.push_back(row->remote.job);
}

}  // namespace darkroom::store
