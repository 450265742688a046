#include "store/sql/remote_submits.h"

#include <algorithm>
#include <vector>

#include "ports/remote_backend.h"
#include "store/sql/queue_rows.h"
#include "store/sql/remote_rows.h"
#include "store/sql/transitions.h"

namespace darkroom::store {
namespace {

using ports::Adoption;
using ports::ClaimAnswer;
using ports::RemoteState;

// Of one attempt. Darkroom makes three submits at most; the rest is room for names that somebody who has the
// token makes up, so that he cannot fill the disk with them.
constexpr std::size_t remote_jobs_max = 16;

RemoteRow new_row(const NodeId& node, const AttemptId& attempt, std::int64_t job_seq, int number) {
    RemoteRow row;
    row.node = node;
    row.job_seq = job_seq;
    row.number = number;
    row.remote.ref.attempt = attempt;
    return row;
}

void plan_row(RemoteRow& row, const std::string& endpoint, const ports::RemotePlan& plan, TimePoint now) {
    row.remote.endpoint = endpoint;
    row.remote.target = plan.target;
    row.remote.created_at = now;
    row.remote.look_at = plan.look_at;
    row.remote.deadline = plan.deadline;
}

bool at_work(Database& db, const AttemptId& attempt) {
    const auto row = find_inflight(db, attempt);
    return row && !row->stopping;
}

const RemoteRow* row_named(const std::vector<RemoteRow>& rows, const std::string& remote_id) {
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [&](const auto& row) { return row.remote.remote_id == remote_id; });
    return found == rows.end() ? nullptr : &*found;
}

// Where the attempt was sent, some other attempt's remote job has this name.
bool named_elsewhere(Database& db, const std::vector<RemoteRow>& rows, const std::string& remote_id) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const auto& row) { return remote_id_taken(db, row.remote.target, remote_id); });
}

// The submit that a new name is taken to belong to: one without an answer before one whose answer may be on
// its way, and that before one that had been given up. Not one that ended because it was refused or never
// sent.
const RemoteRow* nameless(const std::vector<RemoteRow>& rows) {
    for (const auto state : {RemoteState::unclear, RemoteState::intended, RemoteState::ended}) {
        for (const auto& row : rows) {
            if (row.named() || row.remote.state != state) continue;
            if (row.open() || row.remote.ended_as == "never_seen") return &row;
        }
    }
    return nullptr;
}

// The attempt tells the name of the remote job that counts: the first one, until a worker has claimed.
void tell_name(Database& db, const RemoteRow& row, const std::string& remote_id) {
    db.post("UPDATE attempts SET remote_id = ?3 WHERE job_seq = ?1 AND number = ?2 AND remote_id = ''",
            row.job_seq, row.number, remote_id);
}

// Who names it.
enum class Teller { a_message, its_submit_or_worker };

void give_name(Transaction& transaction, const RemoteRow& row, const std::string& remote_id, Teller teller,
               TimePoint look_at) {
    auto& db = transaction.db;
    const bool unwanted = row.remote.unwanted || !at_work(db, row.remote.ref.attempt);
    db.post(
        "UPDATE remote_jobs SET remote_id = ?2, state = 'submitted', ended_at = NULL, ended_as = '', look_at "
        "= "
        "?3, unwanted = ?4, hearsay = ?5 WHERE seq = ?1",
        row.seq, remote_id, look_at, unwanted, teller == Teller::a_message);
    tell_name(db, row, remote_id);
    if (unwanted) transaction.news.remote_due = true;
}

// One more than there were submits.
void note_another(Database& db, const std::vector<RemoteRow>& rows, const std::string& remote_id,
                  Teller teller, bool unwanted, TimePoint now) {
    RemoteRow row = rows.back();
    ++row.remote.ref.submission;
    row.remote.remote_id = remote_id;
    row.remote.state = RemoteState::submitted;
    row.remote.unwanted = unwanted;
    row.remote.hearsay = teller == Teller::a_message;
    row.remote.created_at = now;
    row.remote.look_at = now;
    insert_remote_job(db, row);
}

void believe_name(Transaction& transaction, const RemoteRow& row) {
    if (!row.remote.hearsay) return;
    transaction.db.post("UPDATE remote_jobs SET hearsay = 0 WHERE seq = ?1", row.seq);
}

// A message asks for a look; a worker's claim leaves it to the plan, unless it is to be cancelled.
Adoption adopt(Transaction& transaction, const AttemptId& attempt, const std::string& remote_id,
               Teller teller, TimePoint now) {
    const auto rows = remote_jobs_of(transaction.db, attempt);
    if (rows.empty()) return Adoption::forgotten;
    if (remote_id.empty()) return Adoption::foreign;
    if (const auto* const known = row_named(rows, remote_id)) {
        if (teller == Teller::its_submit_or_worker) believe_name(transaction, *known);
        return Adoption::known;
    }
    if (named_elsewhere(transaction.db, rows, remote_id)) return Adoption::foreign;
    if (const auto* const row = nameless(rows)) {
        const bool wanted = row->open() && !row->remote.unwanted && at_work(transaction.db, attempt);
        const bool as_planned = wanted && teller == Teller::its_submit_or_worker;
        give_name(transaction, *row, remote_id, teller, as_planned ? row->remote.look_at : now);
        if (!as_planned) transaction.news.remote_due = true;
        return Adoption::adopted;
    }
    if (rows.size() >= remote_jobs_max) return Adoption::foreign;
    note_another(transaction.db, rows, remote_id, teller, true, now);
    transaction.news.remote_due = true;
    return Adoption::surplus;
}

void grant(Database& db, const RemoteRow& row) {
    const int running = static_cast<int>(ports::RemotePhase::running);
    db.post(
        "UPDATE remote_jobs SET claimed = 1, phase_seen = CASE WHEN phase_seen < ?2 THEN ?2 ELSE phase_seen "
        "END WHERE seq = ?1",
        row.seq, running);
    db.post("UPDATE attempts SET remote_id = ?3 WHERE job_seq = ?1 AND number = ?2", row.job_seq, row.number,
            row.remote.remote_id);
}

void set_unclear(Database& db, const RemoteRow& row, TimePoint look_at, TimePoint deadline) {
    db.post("UPDATE remote_jobs SET state = 'unclear', look_at = ?2, deadline = ?3 WHERE seq = ?1", row.seq,
            look_at, deadline);
}

}  // namespace

void intend_first(Transaction& transaction, std::int64_t job_seq, const core::Attempt& attempt,
                  const ports::RemotePlan& plan) {
    auto row = new_row(transaction.node, attempt.id, job_seq, attempt.number);
    plan_row(row, attempt.endpoint, plan, attempt.created_at);
    insert_remote_job(transaction.db, row);
}

std::optional<ports::RemoteJobRef> open_remote_job(Transaction& transaction, const AttemptId& attempt,
                                                   const ports::RemotePlan& plan, TimePoint now) {
    auto& db = transaction.db;
    const auto inflight = find_inflight(db, attempt);
    if (!inflight || inflight->stopping || inflight->node != transaction.node) return std::nullopt;
    auto row = new_row(transaction.node, attempt, inflight->job_seq, inflight->number);
    plan_row(row, inflight->endpoint, plan, now);
    if (const auto earlier = remote_jobs_of(db, attempt); !earlier.empty())
        row.remote.ref.submission = earlier.back().remote.ref.submission + 1;
    insert_remote_job(db, row);
    return row.remote.ref;
}

// A worker may claim before the submit's answer is here, so the name may be known already: at this submit, or
// at an older one that was taken for the one without an answer. Then it is this one that has none.
Adoption note_submitted(Transaction& transaction, const ports::RemoteJobRef& ref,
                        const std::string& remote_id, TimePoint look_at) {
    auto& db = transaction.db;
    const auto row = find_remote_job(db, ref);
    if (!row) return Adoption::forgotten;
    if (remote_id.empty()) return Adoption::foreign;
    const auto teller = Teller::its_submit_or_worker;
    if (row->remote.remote_id == remote_id) {
        believe_name(transaction, *row);
        db.post(
            "UPDATE remote_jobs SET look_at = CASE WHEN look_at > ?2 THEN ?2 ELSE look_at END WHERE seq = ?1 "
            "AND looks = 0",
            row->seq, look_at);
        return Adoption::known;
    }
    const auto rows = remote_jobs_of(db, ref.attempt);
    if (const auto* const other = row_named(rows, remote_id)) {
        believe_name(transaction, *other);
        const auto deadline = std::max(row->remote.deadline, other->remote.deadline);
        db.post("UPDATE remote_jobs SET deadline = ?2 WHERE seq = ?1", other->seq, deadline);
        if (!row->named() && row->open()) set_unclear(db, *row, look_at, deadline);
        return Adoption::known;
    }
    if (named_elsewhere(db, rows, remote_id)) {
        if (!row->named() && row->open()) set_unclear(db, *row, look_at, row->remote.deadline);
        return Adoption::foreign;
    }
    if (row->named()) {
        // Another name was taken for this submit's. That one may exist too, but this one does for sure.
        note_another(db, rows, remote_id, teller, !at_work(db, ref.attempt), look_at);
    } else {
        give_name(transaction, *row, remote_id, teller, look_at);
    }
    return Adoption::adopted;
}

void note_unclear(Database& db, const ports::RemoteJobRef& ref, TimePoint look_at) {
    const auto row = find_remote_job(db, ref);
    if (row && row->open() && !row->named()) set_unclear(db, *row, look_at, row->remote.deadline);
}

Adoption adopt(Transaction& transaction, const AttemptId& attempt, const std::string& remote_id,
               TimePoint now) {
    return adopt(transaction, attempt, remote_id, Teller::a_message, now);
}

ClaimAnswer claim_work(Transaction& transaction, const AttemptId& attempt, const std::string& remote_id,
                       const std::string& worker, TimePoint now) {
    auto& db = transaction.db;
    const auto heard = adopt(transaction, attempt, remote_id, Teller::its_submit_or_worker, now);
    if (heard == Adoption::forgotten || heard == Adoption::foreign) return ClaimAnswer::unknown;
    if (!at_work(db, attempt)) return ClaimAnswer::unwanted;
    const auto rows = remote_jobs_of(db, attempt);
    const bool taken = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
        return row.remote.claimed && row.open() && row.remote.remote_id != remote_id;
    });
    if (taken) return ClaimAnswer::taken;
    const auto* const mine = row_named(rows, remote_id);
    if (mine == nullptr || mine->remote.unwanted || !mine->open()) return ClaimAnswer::unwanted;
    if (mine->remote.claimed) return ClaimAnswer::granted;
    grant(db, *mine);
    (void)start_by_worker(transaction, attempt, worker, now);
    return ClaimAnswer::granted;
}

}  // namespace darkroom::store
