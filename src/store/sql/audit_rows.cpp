#include "store/sql/audit_rows.h"

namespace darkroom::store {
namespace {

// Nothing leads from a date to attempts: they hang on their jobs. So all are walked, but not in one go.
constexpr int attempts_in_a_page = 10'000;

ports::AuditRow row_of(const Rows& rows) {
    ports::AuditRow row;
    row.number = static_cast<int>(rows.integer(1));
    row.attempt = rows.id<AttemptId>(2);
    row.backend = rows.text(3);
    row.endpoint = rows.text(4);
    row.status = rows.status(5);
    row.recipe = rows.text(6);
    row.recipe_digest = rows.text(7);
    row.models_json = rows.text(8);
    row.created_at = rows.time(9);
    return row;
}

void add_job(Database& db, std::int64_t job_seq, ports::AuditRow& row) {
    auto rows = db.query("SELECT id, user_id, type FROM jobs WHERE seq = ?", job_seq);
    if (!rows.next()) throw SqlFailure::damaged("an attempt has no job");
    row.job = rows.id<JobId>(0);
    row.user = rows.user(1);
    row.type = rows.text(2);
}

}  // namespace

ports::AuditPage list_audit(Database& db, TimePoint since, std::int64_t after, int count_max) {
    ports::AuditPage page;
    if (count_max <= 0) return page;
    int looked_at = 0;
    std::int64_t last = 0;
    const int limit = attempts_in_a_page + 1;
    auto rows = db.query(
        "SELECT job_seq, number, id, backend, endpoint, status, recipe, recipe_digest, models, created_at"
        " FROM attempts WHERE job_seq > ?1 AND job_seq <= (SELECT coalesce(max(job_seq), 0) FROM"
        " (SELECT job_seq FROM attempts WHERE job_seq > ?1 ORDER BY job_seq, number LIMIT ?2) AS page)"
        " ORDER BY job_seq, number",
        after, limit);
    while (rows.next()) {
        const auto job_seq = rows.integer(0);
        const bool full = std::ssize(page.rows) >= count_max || looked_at >= attempts_in_a_page;
        if (full && job_seq != last) {
            page.next_after = last;
            break;
        }
        ++looked_at;
        last = job_seq;
        if (rows.time(9) < since) continue;
        auto row = row_of(rows);
        add_job(db, job_seq, row);
        page.rows.push_back(std::move(row));
    }
    if (page.next_after == 0 && looked_at > attempts_in_a_page) page.next_after = last;
    return page;
}

}  // namespace darkroom::store
