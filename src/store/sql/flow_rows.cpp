#include "store/sql/flow_rows.h"

namespace darkroom::store {
namespace {

std::string flow_sql(const Database& db) {
    return "SELECT admitted, waiting, last_vt, last_rank, last_seq,"
           " (SELECT weight FROM shares WHERE shares.user_id = flow.user_id),"
           " (SELECT inflight_max FROM shares WHERE shares.user_id = flow.user_id)"
           " FROM flow WHERE backend = ? AND user_id = ?" +
           std::string(db.to_change_them());
}

std::optional<FlowRow> read_flow(Database& db, const FlowKey& key) {
    const auto sql = flow_sql(db);
    auto rows = db.query(sql, key.backend, key.user);
    if (!rows.next()) return std::nullopt;
    FlowRow row;
    row.admitted = rows.integer(0);
    row.waiting = rows.integer(1);
    row.last_vt = rows.integer(2);
    row.last_turn = {rows.integer(3), rows.integer(4)};
    if (!rows.is_null(5)) row.share.weight = static_cast<int>(rows.integer(5));
    if (!rows.is_null(6)) row.share.inflight_max = static_cast<int>(rows.integer(6));
    row.exists = true;
    return row;
}

core::FairShare share_of(Database& db, const UserId& user) {
    core::FairShare share;
    auto rows = db.query("SELECT weight, inflight_max FROM shares WHERE user_id = ?", user);
    if (!rows.next()) return share;
    share.weight = static_cast<int>(rows.integer(0));
    if (!rows.is_null(1)) share.inflight_max = static_cast<int>(rows.integer(1));
    return share;
}

}  // namespace

void foresee_flows(Database& db, const std::vector<const FlowKey*>& keys) {
    std::vector<SqlValue> values;
    for (const auto* const key : keys) {
        values.push_back(to_sql(key->backend));
        values.push_back(to_sql(key->user));
    }
    db.foresee(flow_sql(db), values, 2);
}

// Where others write, a row has to be there for one to lock: of two who come first at the same time, one
// waits.
FlowRow find_flow(Database& db, const FlowKey& key) {
    if (auto row = read_flow(db, key)) return *row;
    if (!db.to_change_them().empty()) {
        db.post("INSERT INTO flow (backend, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING", key.backend,
                key.user);
        if (auto row = read_flow(db, key)) return *row;
    }
    FlowRow row;
    row.share = share_of(db, key.user);
    return row;
}

void put_flow(Database& db, const FlowKey& key, const FlowRow& row) {
    if (row.exists) {
        db.post(
            "UPDATE flow SET admitted = ?3, waiting = ?4, last_vt = ?5, last_rank = ?6, last_seq = ?7"
            " WHERE backend = ?1 AND user_id = ?2",
            key.backend, key.user, row.admitted, row.waiting, row.last_vt, row.last_turn.rank,
            row.last_turn.job_seq);
    } else {
        db.post(
            "INSERT INTO flow (backend, user_id, admitted, waiting, last_vt, last_rank, last_seq)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            key.backend, key.user, row.admitted, row.waiting, row.last_vt, row.last_turn.rank,
            row.last_turn.job_seq);
    }
}

std::int64_t lane_vt(Database& db, const std::string& backend) {
    return db.integer("SELECT vt FROM lanes WHERE backend = ?", backend);
}

void put_lane_vt(Database& db, const std::string& backend, std::int64_t vt) {
    db.post(
        "INSERT INTO lanes (backend, vt) VALUES (?1, ?2) ON CONFLICT (backend) DO UPDATE SET vt = excluded.vt"
        " WHERE lanes.vt < excluded.vt",
        backend, vt);
}

std::vector<core::Turn> first_of_backlog(Database& db, const FlowKey& key, std::int64_t count_max) {
    std::vector<core::Turn> turns;
    auto rows = db.query(
        "SELECT rank, job_seq FROM backlog WHERE backend = ? AND user_id = ? ORDER BY rank, job_seq LIMIT ?",
        key.backend, key.user, count_max);
    while (rows.next()) turns.push_back({rows.integer(0), rows.integer(1)});
    return turns;
}

void insert_backlog(Database& db, const FlowKey& key, const core::Turn& turn) {
    db.post("INSERT INTO backlog (backend, user_id, rank, job_seq) VALUES (?, ?, ?, ?)", key.backend,
            key.user, turn.rank, turn.job_seq);
}

bool remove_backlog(Database& db, const FlowKey& key, const core::Turn& turn) {
    return db.run("DELETE FROM backlog WHERE backend = ? AND user_id = ? AND rank = ? AND job_seq = ?",
                  key.backend, key.user, turn.rank, turn.job_seq) == 1;
}

void call_from_backlog(Database& db, const FlowKey& key, const core::Turn& turn) {
    db.change_one("DELETE FROM backlog WHERE backend = ? AND user_id = ? AND rank = ? AND job_seq = ?",
                  key.backend, key.user, turn.rank, turn.job_seq);
}

std::vector<core::Standing> standing_of(Database& db, const FlowKey& key) {
    std::vector<core::Standing> standing;
    const auto sql = "SELECT rank, job_seq, vt FROM ready WHERE backend = ? AND user_id = ?" +
                     std::string(db.to_change_them());
    auto rows = db.query(sql, key.backend, key.user);
    while (rows.next()) standing.push_back({{rows.integer(0), rows.integer(1)}, rows.integer(2)});
    return standing;
}

void insert_ready(Database& db, const FlowKey& key, const core::Standing& standing) {
    db.post("INSERT INTO ready (backend, vt, job_seq, user_id, rank) VALUES (?, ?, ?, ?, ?)", key.backend,
            standing.vt, standing.turn.job_seq, key.user, standing.turn.rank);
}

void move_ready(Database& db, const FlowKey& key, const core::Standing& from, std::int64_t to_vt) {
    db.post("UPDATE ready SET vt = ?4 WHERE backend = ?1 AND vt = ?2 AND job_seq = ?3", key.backend, from.vt,
            from.turn.job_seq, to_vt);
}

void remove_ready(Database& db, const std::string& backend, std::int64_t vt, std::int64_t job_seq) {
    db.post("DELETE FROM ready WHERE backend = ? AND vt = ? AND job_seq = ?", backend, vt, job_seq);
}

std::optional<std::int64_t> take_out_of_ready(Database& db, const FlowKey& key, const core::Turn& turn) {
    auto rows = db.query(
        "DELETE FROM ready WHERE backend = ? AND user_id = ? AND rank = ? AND job_seq = ? RETURNING vt",
        key.backend, key.user, turn.rank, turn.job_seq);
    std::optional<std::int64_t> vt;
    while (rows.next()) vt = rows.integer(0);
    return vt;
}

// Backlogs may be long, so it is only asked whether there is one.
std::vector<FlowKey> wrong_flows(Database& db) {
    std::vector<FlowKey> wrong;
    auto rows = db.query(
        "WITH taken AS (SELECT backend, user_id, count(*) AS jobs FROM (SELECT backend, user_id FROM ready"
        " UNION ALL SELECT backend, user_id FROM inflight) AS places GROUP BY backend, user_id)"
        " SELECT flow.backend, flow.user_id FROM flow"
        " LEFT JOIN taken ON taken.backend = flow.backend AND taken.user_id = flow.user_id"
        " WHERE flow.admitted <> coalesce(taken.jobs, 0) OR (flow.waiting > 0) <> EXISTS (SELECT 1 FROM"
        " backlog WHERE backlog.backend = flow.backend AND backlog.user_id = flow.user_id)"
        " UNION ALL SELECT taken.backend, taken.user_id FROM taken"
        " LEFT JOIN flow ON flow.backend = taken.backend AND flow.user_id = taken.user_id"
        " WHERE flow.backend IS NULL ORDER BY 1, 2");
    while (rows.next()) wrong.push_back({rows.text(0), rows.user(1)});
    return wrong;
}

FlowRow count_flow(Database& db, const FlowKey& key, FlowRow row) {
    row.admitted =
        db.integer("SELECT count(*) FROM ready WHERE backend = ? AND user_id = ?", key.backend, key.user) +
        db.integer("SELECT count(*) FROM inflight WHERE backend = ? AND user_id = ?", key.backend, key.user);
    row.waiting =
        db.integer("SELECT count(*) FROM backlog WHERE backend = ? AND user_id = ?", key.backend, key.user);
    return row;
}

void forget_idle_flows(Database& db) {
    db.post(
        "DELETE FROM flow WHERE admitted = 0 AND waiting = 0 AND last_vt <= (SELECT vt FROM lanes WHERE"
        " lanes.backend = flow.backend)");
}

}  // namespace darkroom::store
