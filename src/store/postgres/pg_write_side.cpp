#include "store/postgres/pg_write_side.h"

#include <chrono>

#include "base/check.h"
#include "base/log.h"
#include "store/postgres/pg_arrays.h"
#include "store/postgres/pg_failure.h"
#include "store/sql/queue_rows.h"
#include "store/sql/remote_rows.h"
#include "store/sql/transitions.h"

namespace darkroom::store {
namespace {

constexpr Milliseconds between_questions{100};

constexpr std::string_view who_am_i =
    "SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint),"
    " substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8), EXISTS (SELECT 1 FROM nodes WHERE id = ? "
    "AND"
    " gone = 0 AND until > extract(epoch FROM clock_timestamp()) * 1000)";

// In the order of seq, whoever asks: two batches can wait for each other only in one direction.
constexpr std::string_view lock_jobs =
    "SELECT seq FROM jobs WHERE seq = ANY(ARRAY(SELECT coalesce(chain_seq, seq) FROM jobs"
    " WHERE id = ANY(CAST(? AS uuid[])))) ORDER BY seq FOR UPDATE";
constexpr std::string_view lock_jobs_of_attempts =
    "SELECT seq FROM jobs WHERE seq = ANY(ARRAY("
    "SELECT coalesce(chain_seq, seq) FROM jobs WHERE id = ANY(CAST(?1 AS uuid[])) UNION "
    "SELECT coalesce(chain_seq, seq) FROM jobs WHERE seq = ANY(ARRAY("
    "SELECT job_seq FROM inflight WHERE attempt_id = ANY(CAST(?2 AS uuid[])) UNION ALL "
    "SELECT job_seq FROM remote_jobs WHERE attempt_id = ANY(CAST(?2 AS uuid[])))))) ORDER BY seq FOR UPDATE";

}  // namespace

PgWriteSide::PgWriteSide(std::unique_ptr<PgDatabase> db, Options options)
    : db_(std::move(db)), options_(std::move(options)) {}

void PgWriteSide::begin(const std::vector<Touched>& touched) {
    asked_transaction_.reset();
    transaction_ = 0;
    db_->ensure_connected(options_.reconnect_within);
    db_->begin();
    const auto self = node();
    asked_transaction_ = db_->ask(who_am_i, self);
    lock_roots(touched);
    db_->prepare_job_seqs();
    foresee_attempts(touched);
    db_->hurry();
}

void PgWriteSide::lock_roots(const std::vector<Touched>& touched) {
    PgArray jobs(PgArray::Of::uuid);
    PgArray attempts(PgArray::Of::uuid);
    for (const auto& one : touched) {
        if (one.job) jobs.add(to_sql(*one.job));
        if (one.attempt) attempts.add(to_sql(*one.attempt));
    }
    if (attempts.size() > 0) {
        (void)db_->ask(lock_jobs_of_attempts, jobs, attempts);
    } else if (jobs.size() > 0) {
        (void)db_->ask(lock_jobs, jobs);
    }
}

// What is asked about an attempt, whatever is told of it. Where it is in flight, and then of its job.
void PgWriteSide::foresee_attempts(const std::vector<Touched>& touched) {
    std::vector<AttemptId> attempts;
    for (const auto& one : touched) {
        if (one.attempt) attempts.push_back(*one.attempt);
    }
    if (attempts.size() < 2) return;
    std::vector<SqlValue> ids;
    for (const auto& attempt : attempts) ids.push_back(to_sql(attempt));
    db_->foresee(inflight_sql, ids, 1);
    db_->foresee(any_remote_job_sql, ids, 1);
    std::vector<SqlValue> seqs;
    std::vector<SqlValue> numbers;
    for (const auto& attempt : attempts) {
        const auto row = find_inflight(*db_, attempt);
        if (!row) continue;
        seqs.push_back(to_sql(row->job_seq));
        numbers.push_back(to_sql(row->job_seq));
        numbers.push_back(to_sql(row->number));
    }
    db_->foresee(job_head_sql, seqs, 1);
    db_->foresee(remote_id_sql, numbers, 2);
}

// Before the commit is sent, so that it can be asked about.
void PgWriteSide::learn_transaction() {
    DR_CHECK(asked_transaction_.has_value());
    auto rows = db_->answer_to(*asked_transaction_);
    if (!rows.next()) throw SqlFailure::damaged("a transaction without a number");
    transaction_ = rows.integer(0);
    timeline_ = rows.text(1);
    if (options_.only_while_alive && rows.integer(2) == 0)
        throw SqlFailure(ports::StoreErrorKind::unavailable,
                         "this node's lease is over, so it claims nothing");
}

void PgWriteSide::commit() {
    learn_transaction();
    try {
        return db_->commit();
    } catch (const SqlFailure&) {
        if (db_->is_connected() || !db_->commit_was_sent()) throw;
    }
    switch (ask_outcome()) {
        case Outcome::committed:
            return;
        case Outcome::aborted:
            throw connection_lost("it was not committed");
        case Outcome::unknown:
            throw SqlFailure(
                ports::StoreErrorKind::unavailable,
                "the connection to Postgres was lost during a commit, and nobody can be asked about it");
    }
}

std::optional<PgWriteSide::Outcome> PgWriteSide::outcome_now() {
    const auto transaction = std::to_string(transaction_);
    auto rows = db_->query(
        "SELECT pg_xact_status(CAST(CAST(? AS text) AS xid8)), "
        "substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, "
        "8)",
        transaction);
    if (!rows.next() || rows.text(1) != timeline_) return Outcome::unknown;
    const auto status = rows.text(0);
    if (status == "in progress")
        return std::nullopt;  // its server process has not noticed, or waits for a standby
    return status == "committed" ? Outcome::committed : Outcome::aborted;
}

PgWriteSide::Outcome PgWriteSide::ask_outcome() {
    const auto deadline = steady_now() + options_.resolve_within;
    while (steady_now() < deadline) {
        try {
            db_->ensure_connected(std::chrono::duration_cast<Milliseconds>(deadline - steady_now()));
            const auto outcome = outcome_now();
            db_->finish();
            if (outcome) return *outcome;
        } catch (const SqlFailure& failure) {
            log::warning("the outcome of a commit is being asked for", {{"detail", failure.what()}});
            if (db_->is_connected()) db_->roll_back();
        }
        pause_for(between_questions);
    }
    return Outcome::unknown;
}

}  // namespace darkroom::store
