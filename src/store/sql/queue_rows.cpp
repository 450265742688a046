#include "store/sql/queue_rows.h"

#include <algorithm>
#include <array>

namespace darkroom::store {
namespace {

// Where others write at the same time, a job that somebody is at work on is left in its place: whoever waited
// for it would hold up everybody else. What locks a job is the row of its chain, or its own. The limit is
// spelled out, in few sizes, so that a plan is made for it; why not a plain "=", pg_bulk.cpp tells.
std::string places_sql(const Database& db, std::int64_t count_max) {
    constexpr std::array<std::int64_t, 6> sizes = {1, 10, 50, 100, 500, 2'000};
    const auto* const size = std::lower_bound(sizes.begin(), sizes.end() - 1, count_max);
    const auto limit = " ORDER BY ready.vt, ready.job_seq LIMIT " + std::to_string(*size);
    if (db.to_change_them().empty())
        return "SELECT vt, job_seq, user_id FROM ready WHERE backend = ?1 AND vt >= ?2" + limit;
    return "SELECT ready.vt, ready.job_seq, ready.user_id FROM ready"
           " JOIN jobs ON jobs.seq = ANY(ARRAY[ready.job_seq])"
           " JOIN jobs AS root ON root.seq = ANY(ARRAY[coalesce(jobs.chain_seq, jobs.seq)])"
           " WHERE ready.backend = ?1"
           " AND ready.vt >= ?2" +
           limit + " FOR UPDATE OF ready, root SKIP LOCKED";
}

core::Turn turn_of(const JobHead& job) { return {-std::int64_t{job.priority}, job.seq}; }

}  // namespace

const char* const inflight_sql =
    "SELECT job_seq, number, endpoint, stopping, node, backend, user_id FROM inflight WHERE attempt_id = ?";

FlowKey flow_of(const JobHead& job) { return {job.backend, job.user}; }

void enqueue(Transaction& transaction, const JobHead& job, bool is_new) {
    transaction.flow.arrive(flow_of(job), turn_of(job), is_new);
}

void enqueue_delayed(Transaction& transaction, const JobHead& job, TimePoint due_at) {
    transaction.tallies.add(tally::delayed, job.backend, 1);
    transaction.db.post("INSERT INTO delayed (job_seq, due_at) VALUES (?, ?)", job.seq, due_at);
}

void dequeue(Transaction& transaction, const JobHead& job) {
    if (transaction.db.run("DELETE FROM delayed WHERE job_seq = ?", job.seq) == 1) {
        transaction.tallies.add(tally::delayed, job.backend, -1);
    } else {
        (void)transaction.flow.leave(flow_of(job), turn_of(job));
    }
}

std::vector<Place> first_in_line(Transaction& transaction, const std::string& backend,
                                 std::int64_t count_max) {
    transaction.settle();
    std::vector<Place> places;
    const auto sql = places_sql(transaction.db, count_max);
    const auto mark = transaction.db.line_mark(backend);
    auto rows = transaction.db.query(sql, backend, mark);
    while (std::ssize(places) < count_max && rows.next())
        places.push_back({rows.integer(0), rows.integer(1), rows.user(2)});
    return places;
}

void take_place(Transaction& transaction, const std::string& backend, const Place& place) {
    remove_ready(transaction.db, backend, place.vt, place.job_seq);
    transaction.flow.claimed(backend, place.vt);
}

void insert_inflight(Database& db, const AttemptId& attempt, const InflightRow& row) {
    db.post(
        "INSERT INTO inflight (attempt_id, endpoint, job_seq, number, node, backend, user_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        attempt, row.endpoint, row.job_seq, row.number, row.node, row.flow.backend, row.flow.user);
}

std::optional<InflightRow> find_inflight(Database& db, const AttemptId& attempt) {
    auto rows = db.query(inflight_sql, attempt);
    if (!rows.next()) return std::nullopt;
    return InflightRow{rows.integer(0),    static_cast<int>(rows.integer(1)),
                       rows.text(2),       rows.integer(3) != 0,
                       rows.id<NodeId>(4), {rows.text(5), rows.user(6)}};
}

void mark_stopping(Database& db, const AttemptId& attempt) {
    db.post("UPDATE inflight SET stopping = 1 WHERE attempt_id = ?", attempt);
}

void remove_inflight(Transaction& transaction, const AttemptId& attempt, const FlowKey& flow) {
    transaction.db.post("DELETE FROM inflight WHERE attempt_id = ?", attempt);
    transaction.flow.freed(flow);
}

bool remove_inflight_of_job(Transaction& transaction, std::int64_t job_seq) {
    bool any = false;
    auto rows = transaction.db.query(
        "DELETE FROM inflight WHERE attempt_id IN (SELECT id FROM attempts WHERE job_seq = ?)"
        " RETURNING backend, user_id",
        job_seq);
    while (rows.next()) {
        transaction.flow.freed({rows.text(0), rows.user(1)});
        any = true;
    }
    return any;
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

ports::Promotion promote_due(Transaction& transaction, TimePoint now, int count_max) {
    auto& db = transaction.db;
    std::vector<std::int64_t> due;
    {
        const int limit = std::max(0, count_max);
        const auto sql = "SELECT job_seq FROM delayed WHERE due_at <= ? ORDER BY due_at, job_seq LIMIT ?" +
                         std::string(db.to_change_them());
        auto rows = db.query(sql, now, limit);
        while (rows.next()) due.push_back(rows.integer(0));
    }
    ports::Promotion promotion;
    for (const auto seq : due) {
        db.post("DELETE FROM delayed WHERE job_seq = ?", seq);
        const auto job = find_job_head(db, seq);
        if (!job) continue;  // a stray place in line: gone with the row
        transaction.tallies.add(tally::delayed, job->backend, -1);
        if (job->status != core::Status::queued) continue;
        enqueue(transaction, *job);
        ++promotion.promoted;
    }
    auto rest = db.query("SELECT due_at FROM delayed ORDER BY due_at LIMIT 1");
    if (rest.next()) promotion.next_due = rest.time(0);
    return promotion;
}

// In flight are never more than endpoints may have.
ports::QueueCounts count_queue(Database& db) {
    ports::QueueCounts counts;
    counts.inflight = db.integer("SELECT count(*) FROM inflight");
    auto rows = db.query(
        "SELECT what, CAST(sum(value) AS BIGINT) FROM tallies WHERE what IN ('ready', 'backlog', 'delayed')"
        " GROUP BY what");
    while (rows.next()) {
        if (rows.bytes(0) == tally::delayed) {
            counts.delayed = rows.integer(1);
        } else {
            counts.ready += rows.integer(1);
        }
    }
    return counts;
}

}  // namespace darkroom::store
