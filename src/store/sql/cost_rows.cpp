#include "store/sql/cost_rows.h"

namespace darkroom::store {

std::string day_of(TimePoint time) { return format_rfc3339(time).substr(0, 10); }

void add_costs(Database& db, std::int64_t job_seq, const std::string& endpoint, const CostShare& share) {
    db.post(
        "INSERT INTO costs (day, user_id, type, endpoint, remote_jobs, execution_ms, cost_micro_usd)"
        " SELECT ?2, user_id, type, ?3, ?4, ?5, ?6 FROM jobs WHERE seq = ?1"
        " ON CONFLICT (day, user_id, type, endpoint) DO UPDATE SET remote_jobs = costs.remote_jobs + "
        "excluded.remote_jobs, execution_ms = costs.execution_ms + excluded.execution_ms, cost_micro_usd = "
        "costs.cost_micro_usd + excluded.cost_micro_usd",
        job_seq, share.day, endpoint, share.remote_jobs, share.execution, share.cost_micro_usd);
}

std::int64_t spent_on(Database& db, const std::string& day) {
    return db.integer("SELECT CAST(coalesce(sum(cost_micro_usd), 0) AS BIGINT) FROM costs WHERE day = ?",
                      day);
}

std::vector<ports::CostRow> list_costs(Database& db, const std::string& first_day,
                                       const std::string& last_day) {
    std::vector<ports::CostRow> costs;
    auto rows = db.query(
        "SELECT day, user_id, type, endpoint, remote_jobs, execution_ms, cost_micro_usd FROM costs"
        " WHERE day BETWEEN ? AND ? ORDER BY day, user_id, type, endpoint",
        first_day, last_day);
    while (rows.next()) {
        costs.push_back({.day = rows.text(0),
                         .user = rows.user(1),
                         .type = rows.text(2),
                         .endpoint = rows.text(3),
                         .remote_jobs = rows.integer(4),
                         .execution_ms = rows.integer(5),
                         .cost_micro_usd = rows.integer(6)});
    }
    return costs;
}

}  // namespace darkroom::store
