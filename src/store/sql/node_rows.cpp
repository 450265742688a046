#include "store/sql/node_rows.h"

#include <algorithm>

#include "store/sql/job_rows.h"

namespace darkroom::store {
namespace {

#define HELD_BY_NOBODY "node NOT IN (SELECT id FROM nodes WHERE gone = 0)"

struct Taken {
    std::int64_t job_seq = 0;
    int number = 0;
    ports::InflightAttempt inflight;
};

// The condition stands twice, so that of two nodes that ask at the same time only one gets a row.
std::vector<Taken> take_inflight(Database& db, const NodeId& node, int count_max) {
    std::vector<Taken> taken;
    const int limit = std::max(0, count_max);
    auto rows = db.query(
        "UPDATE inflight SET node = ?1 WHERE attempt_id IN (SELECT attempt_id FROM inflight "
        "WHERE " HELD_BY_NOBODY " ORDER BY job_seq, number LIMIT ?2) AND " HELD_BY_NOBODY
        " RETURNING job_seq, number, attempt_id, stopping, endpoint",
        node, limit);
    while (rows.next()) {
        taken.push_back({rows.integer(0),
                         static_cast<int>(rows.integer(1)),
                         {{}, rows.id<AttemptId>(2), rows.integer(3) != 0, rows.text(4), true}});
    }
    return taken;
}

}  // namespace

std::vector<ports::InflightAttempt> take_over(Transaction& transaction, int count_max) {
    auto& db = transaction.db;
    const auto remote = db.run(
        "UPDATE remote_jobs SET node = ?1 WHERE seq IN (SELECT seq FROM remote_jobs INDEXED BY "
        "remote_jobs_open"
        " WHERE state <> 'ended' AND " HELD_BY_NOBODY ") AND " HELD_BY_NOBODY,
        transaction.node);
    const auto messages = db.run(
        "UPDATE webhook_inbox SET node = ?1 WHERE seq IN (SELECT seq FROM webhook_inbox INDEXED BY"
        " webhook_inbox_unsettled WHERE outcome IS NULL AND " HELD_BY_NOBODY ")",
        transaction.node);
    if (remote + messages > 0) transaction.news.remote_due = true;
    auto taken = take_inflight(db, transaction.node, count_max);
    std::sort(taken.begin(), taken.end(), [](const auto& one, const auto& other) {
        return std::pair(one.job_seq, one.number) < std::pair(other.job_seq, other.number);
    });
    std::vector<ports::InflightAttempt> attempts;
    attempts.reserve(taken.size());
    for (auto& one : taken) {
        const auto job = find_job_head(db, one.job_seq);
        if (!job) throw SqlFailure::damaged("an attempt in flight has no job");
        one.inflight.job = job->id;
        attempts.push_back(std::move(one.inflight));
    }
    return attempts;
}

}  // namespace darkroom::store
