#include "store/sql/attempt_rows.h"

#include "store/sql/images_json.h"
#include "store/sql/job_rows.h"

namespace darkroom::store {
namespace {

using core::Status;

core::Attempt attempt_of(const Rows& rows) {
    core::Attempt attempt;
    attempt.number = static_cast<int>(rows.integer(0));
    attempt.id = rows.id<AttemptId>(1);
    attempt.backend = rows.text(2);
    attempt.endpoint = rows.text(3);
    attempt.remote_id = rows.text(4);
    attempt.status = rows.status(5);
    attempt.params_json = rows.text(6);
    attempt.recipe = rows.text(7);
    attempt.created_at = rows.time(8);
    attempt.started_at = rows.optional_time(9);
    attempt.finished_at = rows.optional_time(10);
    attempt.delay = rows.optional_duration(11);
    attempt.execution = rows.optional_duration(12);
    attempt.completed_via = rows.text(13);
    attempt.outputs = outputs_from_json(rows.bytes(14));
    attempt.measures_json = rows.text(15);
    attempt.warnings_json = rows.text(16);
    attempt.error = error_in(rows, 17, 18);
    attempt.cost_micro_usd = rows.integer(19);
    attempt.gpu = rows.text(20);
    if (attempt.status == Status::dispatched) attempt.waiting_for = rows.text(21);
    attempt.recipe_digest = rows.text(22);
    attempt.models_json = rows.text(23);
    attempt.thumbnail = rows.optional_key(24);
    return attempt;
}

}  // namespace

void insert_attempt(Database& db, std::int64_t job_seq, const core::Attempt& attempt) {
    db.post(
        "INSERT INTO attempts (job_seq, number, id, backend, endpoint, remote_id, status, params, recipe, "
        "recipe_digest, models, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        job_seq, attempt.number, attempt.id, attempt.backend, attempt.endpoint, attempt.remote_id,
        attempt.status, attempt.params_json, attempt.recipe, attempt.recipe_digest, attempt.models_json,
        attempt.created_at);
}

std::vector<core::Attempt> list_attempts(Database& db, std::int64_t job_seq) {
    auto rows = db.query(
        "SELECT number, id, backend, endpoint, remote_id, status, params, recipe, created_at, started_at, "
        "finished_at, delay_ms,"
        " execution_ms, completed_via, outputs, measures, warnings, error_code, error_message,"
        " cost_micro_usd, gpu, waiting_for, recipe_digest, models, thumbnail FROM attempts WHERE job_seq = ? "
        "ORDER BY number",
        job_seq);
    std::vector<core::Attempt> attempts;
    while (rows.next()) attempts.push_back(attempt_of(rows));
    return attempts;
}

AttemptId attempt_id(Database& db, std::int64_t job_seq, int number) {
    auto rows = db.query("SELECT id FROM attempts WHERE job_seq = ? AND number = ?", job_seq, number);
    if (!rows.next()) throw SqlFailure::damaged("a job's attempt is missing");
    return rows.id<AttemptId>(0);
}

std::optional<Status> attempt_status(Database& db, std::int64_t job_seq, int number) {
    auto rows = db.query("SELECT status FROM attempts WHERE job_seq = ? AND number = ?", job_seq, number);
    if (!rows.next()) return std::nullopt;
    return rows.status(0);
}

std::optional<AttemptResult> find_result(Database& db, std::int64_t job_seq, const AttemptId& attempt) {
    auto rows =
        db.query("SELECT number, status, outputs, thumbnail FROM attempts WHERE job_seq = ? AND id = ?",
                 job_seq, attempt);
    if (!rows.next()) return std::nullopt;
    return AttemptResult{static_cast<int>(rows.integer(0)), rows.status(1), outputs_from_json(rows.bytes(2)),
                         rows.optional_key(3)};
}

void forget_results(Database& db, std::int64_t job_seq) {
    db.post("UPDATE attempts SET outputs = '[]', thumbnail = NULL WHERE job_seq = ? AND outputs <> '[]'",
            job_seq);
}

void drop_attempt(Database& db, std::int64_t job_seq, int number) {
    db.post("DELETE FROM attempts WHERE job_seq = ? AND number = ?", job_seq, number);
}

// The calendar may have gone back between claim and start; a delay is never negative.
void mark_attempt_running(Database& db, std::int64_t job_seq, int number, TimePoint now) {
    db.post(
        "UPDATE attempts SET status = ?3, started_at = ?4, delay_ms = CASE WHEN ?4 > created_at THEN ?4 - "
        "created_at ELSE 0 END"
        " WHERE job_seq = ?1 AND number = ?2",
        job_seq, number, Status::running, now);
}

void close_attempt(Database& db, std::int64_t job_seq, int number, const ports::AttemptSucceeded& end,
                   TimePoint now) {
    const auto outputs = to_json(end.outputs);
    db.post(
        "UPDATE attempts SET status = ?3, finished_at = ?4, execution_ms = ?5, completed_via = ?6, outputs = "
        "?7, measures = ?8,"
        " warnings = ?9, thumbnail = ?10, error_code = NULL, error_message = NULL"
        " WHERE job_seq = ?1 AND number = ?2",
        job_seq, number, Status::succeeded, now, end.execution, end.completed_via, outputs, end.measures_json,
        end.warnings_json, end.thumbnail);
}

void close_attempt(Database& db, std::int64_t job_seq, int number, const ports::AttemptFailed& end,
                   TimePoint now) {
    db.post(
        "UPDATE attempts SET status = ?3, finished_at = ?4, completed_via = ?5, error_code = ?6, "
        "error_message = ?7"
        " WHERE job_seq = ?1 AND number = ?2",
        job_seq, number, Status::failed, now, end.completed_via, core::to_string(end.error.code),
        end.error.message);
}

void close_attempt_cancelled(Database& db, std::int64_t job_seq, int number, TimePoint now) {
    db.post("UPDATE attempts SET status = ?3, finished_at = ?4 WHERE job_seq = ?1 AND number = ?2", job_seq,
            number, Status::cancelled, now);
}

}  // namespace darkroom::store
