#include "store/sql/event_rows.h"

#include <algorithm>

#include "base/json.h"

namespace darkroom::store {
namespace {

constexpr const char* sql_with_sequence =
    "INSERT INTO job_events (job_seq, kind, status, actor, attempt, data, at) VALUES (?, ?, ?, ?, ?, ?, ?)";
constexpr const char* sql_of_one_writer =
    // VALUES, because INSERT ... SELECT would gather what it reads of the table in one of its own first.
    "INSERT INTO job_events (job_seq, seq, kind, status, actor, attempt, data, at)"
    " VALUES (?1, 1 + coalesce((SELECT max(seq) FROM job_events WHERE job_seq = ?1), 0), ?2, ?3, ?4, ?5, ?6, "
    "?7)";

}  // namespace

void append_event(Database& db, std::int64_t job_seq, const core::JobEvent& event) {
    const bool has_sequence = !db.to_change_them().empty();
    db.post(has_sequence ? sql_with_sequence : sql_of_one_writer, job_seq, event.kind, event.status,
            event.actor, event.attempt, event.data_json, event.at);
}

std::vector<core::JobEvent> list_events(Database& db, std::int64_t job_seq, std::int64_t after,
                                        int count_max) {
    std::vector<core::JobEvent> events;
    const int limit = std::max(0, count_max);
    auto rows = db.query(
        "SELECT place, kind, status, actor, attempt, data, at FROM (SELECT row_number() OVER (ORDER BY seq) "
        "AS"
        " place, kind, status, actor, attempt, data, at FROM job_events WHERE job_seq = ?) AS told"
        " WHERE place > ? ORDER BY place LIMIT ?",
        job_seq, after, limit);
    while (rows.next()) {
        core::JobEvent event;
        event.seq = rows.integer(0);
        event.kind = rows.text(1);
        event.status = rows.status(2);
        event.actor = rows.text(3);
        if (!rows.is_null(4)) event.attempt = static_cast<int>(rows.integer(4));
        event.data_json = rows.text(5);
        event.at = rows.time(6);
        events.push_back(std::move(event));
    }
    return events;
}

std::string claim_data(std::string_view endpoint) {
    std::string json = R"({"endpoint":)";
    append_json_string(json, endpoint);
    return json + "}";
}

std::string start_data(std::string_view worker) {
    if (worker.empty()) return "{}";
    std::string json = R"({"worker":)";
    append_json_string(json, worker);
    return json + "}";
}

std::string give_back_data(std::string_view why, std::optional<Milliseconds> retry_in) {
    std::string json = R"({"why":)";
    append_json_string(json, why);
    if (retry_in) json += R"(,"retry_in_ms":)" + std::to_string(retry_in->count());
    return json + "}";
}

std::string plan_data(const ports::WorkPlan& plan) {
    std::string json = R"({"backend":)";
    append_json_string(json, plan.backend);
    json += R"(,"recipe":)";
    append_json_string(json, plan.recipe);
    return json + "}";
}

std::string failure_data(const core::JobError& error, std::optional<Milliseconds> retry_pause,
                         const std::optional<ports::WorkPlan>& retry_as) {
    std::string json = R"({"error":{"code":")" + std::string(core::to_string(error.code)) + R"(","message":)";
    append_json_string(json, error.message);
    json += "}";
    if (retry_pause) json += R"(,"retry_pause_ms":)" + std::to_string(retry_pause->count());
    if (retry_pause && retry_as) json += R"(,"retry_as":)" + plan_data(*retry_as);
    return json + "}";
}

}  // namespace darkroom::store
