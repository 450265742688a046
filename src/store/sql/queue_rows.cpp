#include "store/sql/queue_rows.h"

#include <algorithm>

namespace darkroom::store {
namespace {

std::int64_t rank_of(const JobHead& job) { return -std::int64_t{job.priority}; }

std::int64_t leave(Database& db, const std::string& backend, const Place& place) {
    return db.run("DELETE FROM ready WHERE backend = ? AND rank = ? AND job_seq = ?", backend, place.rank,
                  place.job_seq);
}

}  // namespace

void enqueue_ready(Database& db, const JobHead& job) {
    db.post("INSERT INTO ready (backend, rank, job_seq) VALUES (?, ?, ?)", job.backend, rank_of(job),
            job.seq);
}

void enqueue_delayed(Database& db, const JobHead& job, TimePoint due_at) {
    db.post("INSERT INTO delayed (job_seq, due_at) VALUES (?, ?)", job.seq, due_at);
}

void dequeue(Database& db, const JobHead& job) {
    if (leave(db, job.backend, {rank_of(job), job.seq}) == 0)
        db.post("DELETE FROM delayed WHERE job_seq = ?", job.seq);
}

std::vector<Place> first_in_line(Database& db, const std::string& backend, std::int64_t count_max) {
    std::vector<Place> places;
    auto rows = db.query("SELECT rank, job_seq FROM ready WHERE backend = ? ORDER BY rank, job_seq LIMIT ?",
                         backend, count_max);
    while (rows.next()) places.push_back({rows.integer(0), rows.integer(1)});
    return places;
}

void leave_line(Database& db, const std::string& backend, const Place& place) {
    (void)leave(db, backend, place);
}

void insert_inflight(Database& db, const AttemptId& attempt, const InflightRow& row) {
    db.post("INSERT INTO inflight (attempt_id, endpoint, job_seq, number, node) VALUES (?, ?, ?, ?, ?)",
            attempt, row.endpoint, row.job_seq, row.number, row.node);
}

std::optional<InflightRow> find_inflight(Database& db, const AttemptId& attempt) {
    auto rows = db.query(
        "SELECT job_seq, number, endpoint, stopping, node FROM inflight WHERE attempt_id = ?", attempt);
    if (!rows.next()) return std::nullopt;
    return InflightRow{rows.integer(0), static_cast<int>(rows.integer(1)), rows.text(2), rows.integer(3) != 0,
                       rows.id<NodeId>(4)};
}

void mark_stopping(Database& db, const AttemptId& attempt) {
    db.post("UPDATE inflight SET stopping = 1 WHERE attempt_id = ?", attempt);
}

void remove_inflight(Database& db, const AttemptId& attempt) {
    db.post("DELETE FROM inflight WHERE attempt_id = ?", attempt);
}

std::int64_t count_inflight(Database& db, const std::string& endpoint) {
    return db.integer("SELECT count(*) FROM inflight WHERE endpoint = ?", endpoint);
}

std::int64_t count_inflight(Database& db, const std::string& endpoint, const NodeId& node) {
    return db.integer("SELECT count(*) FROM inflight WHERE endpoint = ? AND node = ?", endpoint, node);
}

std::vector<ports::InflightAttempt> list_inflight(Database& db, const std::string& endpoint,
                                                  const NodeId& this_node) {
    std::vector<ports::InflightAttempt> found;
    auto rows = db.query(
        "SELECT jobs.id, attempt_id, stopping, node FROM inflight CROSS JOIN jobs ON jobs.seq = "
        "inflight.job_seq"
        " WHERE endpoint = ? ORDER BY job_seq, number",
        endpoint);
    while (rows.next()) {
        found.push_back({rows.id<JobId>(0), rows.id<AttemptId>(1), rows.integer(2) != 0, endpoint,
                         rows.id<NodeId>(3) == this_node});
    }
    return found;
}

ports::Promotion promote_due(Database& db, TimePoint now, int count_max) {
    std::vector<std::int64_t> due;
    {
        const int limit = std::max(0, count_max);
        auto rows = db.query("SELECT job_seq FROM delayed WHERE due_at <= ? ORDER BY due_at, job_seq LIMIT ?",
                             now, limit);
        while (rows.next()) due.push_back(rows.integer(0));
    }
    ports::Promotion promotion;
    for (const auto seq : due) {
        db.post("DELETE FROM delayed WHERE job_seq = ?", seq);
        const auto job = find_job_head(db, seq);
        if (!job || job->status != core::Status::queued)
            continue;  // a stray place in line: gone with the row
        enqueue_ready(db, *job);
        ++promotion.promoted;
    }
    auto rest = db.query("SELECT due_at FROM delayed ORDER BY due_at LIMIT 1");
    if (rest.next()) promotion.next_due = rest.time(0);
    return promotion;
}

ports::QueueCounts count_queue(Database& db) {
    ports::QueueCounts counts;
    counts.ready = db.integer("SELECT count(*) FROM ready");
    counts.delayed = db.integer("SELECT count(*) FROM delayed");
    counts.inflight = db.integer("SELECT count(*) FROM inflight");
    return counts;
}

}  // namespace darkroom::store
