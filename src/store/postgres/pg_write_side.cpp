#include "store/postgres/pg_write_side.h"

#include <chrono>

#include "base/check.h"
#include "base/log.h"
#include "base/standing_trouble.h"
#include "store/postgres/pg_arrays.h"
#include "store/postgres/pg_failure.h"
#include "store/sql/key_rows.h"
#include "store/sql/queue_rows.h"
#include "store/sql/remote_rows.h"
#include "store/sql/transitions.h"
#include "store/sql/upload_rows.h"

namespace darkroom::store {
namespace {

constexpr Milliseconds between_questions{100};
constexpr Milliseconds row_is_there_for{3'600'000};

#define NOW_MS_HERE "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"

constexpr std::string_view leave_token =
    "INSERT INTO last_commits (writer, token, at) VALUES (?, ?, " NOW_MS_HERE
    ") ON CONFLICT (writer) DO UPDATE SET token = excluded.token, at = excluded.at";
constexpr std::string_view am_i_alive =
    "SELECT EXISTS (SELECT 1 FROM nodes WHERE id = ? AND gone = 0 AND until > " NOW_MS_HERE ")";

std::span<const std::uint8_t> as_bytes(const UuidBytes& id) { return id; }

UuidBytes random_bytes(ports::Random& random) {
    UuidBytes bytes{};
    random.fill(bytes);
    return bytes;
}

// In the order of seq, whoever asks: two batches can wait for each other only in one direction.
constexpr std::string_view lock_jobs =
    "SELECT seq FROM jobs WHERE seq = ANY(ARRAY(SELECT coalesce(chain_seq, seq) FROM jobs"
    " WHERE id = ANY(CAST(? AS uuid[])))) ORDER BY seq FOR UPDATE";
std::string lock_jobs_of_attempts() {
    return std::string("SELECT seq, ") + job_head_columns +
           " FROM jobs WHERE seq = ANY(ARRAY("
           "SELECT coalesce(chain_seq, seq) FROM jobs WHERE id = ANY(CAST(?1 AS uuid[])) UNION "
           "SELECT coalesce(chain_seq, seq) FROM jobs WHERE seq = ANY(ARRAY("
           "SELECT job_seq FROM inflight WHERE attempt_id = ANY(CAST(?2 AS uuid[])) UNION ALL "
           "SELECT job_seq FROM remote_jobs WHERE attempt_id = ANY(CAST(?2 AS uuid[]))))))"
           " ORDER BY seq FOR UPDATE";
}

}  // namespace

PgWriteSide::PgWriteSide(std::unique_ptr<PgDatabase> db, Options options)
    : db_(std::move(db)), options_(std::move(options)), writer_(random_bytes(*options_.random)) {}

void PgWriteSide::begin(const std::vector<Touched>& touched) {
    asked_alive_.reset();
    db_->ensure_connected(options_.reconnect_within);
    make_row();
    token_ = random_bytes(*options_.random);
    db_->begin();
    db_->post(leave_token, as_bytes(writer_), as_bytes(token_));
    if (options_.only_while_alive) {
        const auto self = node();
        asked_alive_ = db_->ask(am_i_alive, self);
    }
    const auto locked = lock_roots(touched);
    db_->prepare_job_seqs();
    if (locked) foresee_attempts(touched, *locked);
    foresee_creations(touched);
    db_->hurry();
}

// Before it is needed, because one that is not committed yet cannot be waited for. Now and then again: rows
// that nobody writes for a day are those of processes that are gone, and removed.
void PgWriteSide::make_row() {
    if (row_made_at_ && steady_now() - *row_made_at_ < row_is_there_for) return;
    const auto nobodys = random_bytes(*options_.random);
    db_->post(leave_token, as_bytes(writer_), as_bytes(nobodys));
    db_->finish();
    row_made_at_ = steady_now();
}

// Of attempts, the answer is the jobs' heads, or those of their chains.
std::optional<PgDatabase::Asked> PgWriteSide::lock_roots(const std::vector<Touched>& touched) {
    PgArray jobs(PgArray::Of::uuid);
    PgArray attempts(PgArray::Of::uuid);
    for (const auto& one : touched) {
        if (one.job) jobs.add(to_sql(*one.job));
        if (one.attempt) attempts.add(to_sql(*one.attempt));
    }
    if (attempts.size() > 0) return db_->ask(lock_jobs_of_attempts(), jobs, attempts);
    if (jobs.size() > 0) (void)db_->ask(lock_jobs, jobs);
    return std::nullopt;
}

// What is asked about an attempt, whatever is told of it. Where it is in flight, and then of its job.
void PgWriteSide::foresee_attempts(const std::vector<Touched>& touched, const PgDatabase::Asked& locked) {
    std::vector<AttemptId> attempts;
    for (const auto& one : touched) {
        if (one.attempt) attempts.push_back(*one.attempt);
    }
    std::vector<SqlValue> ids;
    ids.reserve(attempts.size());
    for (const auto& attempt : attempts) ids.push_back(to_sql(attempt));
    db_->foresee(inflight_sql, ids, 1);
    db_->foresee(any_remote_job_sql, ids, 1);
    db_->know(job_head_sql, locked);
    if (attempts.size() < 2) return;
    std::vector<SqlValue> seqs;
    for (const auto& attempt : attempts) {
        if (const auto row = find_inflight(*db_, attempt)) seqs.push_back(to_sql(row->job_seq));
    }
    db_->foresee(job_head_sql, seqs, 1);
}

// Whether they were asked for before, and whether what they want to work on is still there.
void PgWriteSide::foresee_creations(const std::vector<Touched>& touched) {
    std::vector<SqlValue> uploads;
    std::vector<SqlValue> requests;
    for (const auto& one : touched) {
        if (one.upload) uploads.push_back(to_sql(*one.upload));
        if (one.creation == nullptr) continue;
        for (const auto& upload : one.creation->uploads) uploads.push_back(to_sql(upload));
        if (!one.creation->idempotency) continue;
        requests.push_back(to_sql(one.creation->job.user));
        requests.push_back(to_sql(one.creation->idempotency->key));
    }
    const auto sql = upload_sql(*db_);
    db_->foresee(request_sql, requests, 2);
    db_->foresee(sql, uploads, 1);
}

void PgWriteSide::check_alive() {
    if (!asked_alive_) return;
    auto rows = db_->answer_to(*asked_alive_);
    if (!rows.next() || rows.integer(0) == 0)
        throw SqlFailure(ports::StoreErrorKind::unavailable,
                         "this node's lease is over, so it claims nothing");
}

void PgWriteSide::commit() {
    check_alive();
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

// Whoever still works on that commit, perhaps without noticing that nobody listens, holds the row: then this
// waits. A server that has lost the commit has lost its token too.
PgWriteSide::Outcome PgWriteSide::ask_outcome() {
    const auto deadline = steady_now() + options_.resolve_within;
    StandingTrouble trouble;
    while (steady_now() < deadline) {
        try {
            db_->ensure_connected(std::chrono::duration_cast<Milliseconds>(deadline - steady_now()));
            db_->begin();
            const auto writer = as_bytes(writer_);
            auto rows = db_->query("SELECT token FROM last_commits WHERE writer = ? FOR UPDATE", writer);
            const std::string_view mine(reinterpret_cast<const char*>(token_.data()), token_.size());
            const bool committed = rows.next() && rows.bytes(0) == mine;
            db_->commit();
            return committed ? Outcome::committed : Outcome::aborted;
        } catch (const SqlFailure& failure) {
            if (trouble.met(steady_now()))
                log::warning("the outcome of a commit is being asked for", {{"detail", failure.what()}});
            db_->roll_back();
        }
        pause_for(between_questions);
    }
    return Outcome::unknown;
}

}  // namespace darkroom::store
