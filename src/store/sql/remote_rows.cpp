#include "store/sql/remote_rows.h"

#include <algorithm>
#include <array>

namespace darkroom::store {
namespace {

using ports::RemoteJob;
using ports::RemoteState;

constexpr std::array<std::string_view, 4> state_names = {"intended", "unclear", "submitted", "ended"};

// Long enough to write down an end and its outputs' removal; short enough for one that nobody ends after all.
constexpr Milliseconds grace_of_the_counting_one{10'000};

std::string_view name_of(RemoteState state) { return state_names.at(static_cast<std::size_t>(state)); }

RemoteState state_in(const Rows& rows, int column) {
    const auto* const found = std::find(state_names.begin(), state_names.end(), rows.bytes(column));
    if (found == state_names.end()) throw SqlFailure::damaged("a remote job's state");
    return static_cast<RemoteState>(found - state_names.begin());
}

#define REMOTE_COLUMNS                                                                               \
    "remote_jobs.seq, job_seq, number, attempt_id, submission, jobs.id, endpoint, target, "          \
    "coalesce(remote_id, ''), state, phase_seen, looks, claimed, unwanted, remote_jobs.created_at, " \
    "look_at, "                                                                                      \
    "deadline, ended_as, delay_ms, execution_ms, cost_micro_usd, coalesce(cost_day, ''), hearsay, "  \
    "node"
#define WITH_JOBS " CROSS JOIN jobs ON jobs.seq = job_seq"

RemoteRow row_of(const Rows& rows) {
    RemoteRow row;
    row.seq = rows.integer(0);
    row.job_seq = rows.integer(1);
    row.number = static_cast<int>(rows.integer(2));
    auto& remote = row.remote;
    remote.ref = {rows.id<AttemptId>(3), static_cast<int>(rows.integer(4))};
    remote.job = rows.id<JobId>(5);
    remote.endpoint = rows.text(6);
    remote.target = rows.text(7);
    remote.remote_id = rows.text(8);
    remote.state = state_in(rows, 9);
    remote.phase_seen = static_cast<int>(rows.integer(10));
    remote.looks = static_cast<int>(rows.integer(11));
    remote.claimed = rows.integer(12) != 0;
    remote.unwanted = rows.integer(13) != 0;
    remote.created_at = rows.time(14);
    remote.look_at = rows.time(15);
    remote.deadline = rows.time(16);
    remote.ended_as = rows.text(17);
    remote.delay = rows.optional_duration(18);
    remote.execution = rows.optional_duration(19);
    remote.cost_micro_usd = rows.integer(20);
    row.cost_day = rows.text(21);
    remote.hearsay = rows.integer(22) != 0;
    row.node = rows.id<NodeId>(23);
    return row;
}

}  // namespace

const char* const due_remote_jobs_sql =
    "SELECT " REMOTE_COLUMNS " FROM remote_jobs INDEXED BY remote_jobs_open" WITH_JOBS
    " WHERE state <> 'ended' AND look_at <= ?1 AND node = ?3 ORDER BY look_at, remote_jobs.seq LIMIT ?2";

const char* const any_remote_job_sql = "SELECT state FROM remote_jobs WHERE attempt_id = ?";

bool has_remote_jobs(Database& db, const AttemptId& attempt) {
    return db.query(any_remote_job_sql, attempt).next();
}

void insert_remote_job(Database& db, const RemoteRow& row) {
    const auto& remote = row.remote;
    std::optional<std::string_view> name;
    if (row.named()) name = remote.remote_id;
    db.post(
        "INSERT INTO remote_jobs (attempt_id, submission, job_seq, number, endpoint, target, remote_id, "
        "state,"
        " unwanted, hearsay, created_at, look_at, deadline, node) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?)",
        remote.ref.attempt, remote.ref.submission, row.job_seq, row.number, remote.endpoint, remote.target,
        name, name_of(remote.state), remote.unwanted, remote.hearsay, remote.created_at, remote.look_at,
        remote.deadline, row.node);
}

std::vector<RemoteRow> remote_jobs_of(Database& db, const AttemptId& attempt) {
    std::vector<RemoteRow> found;
    auto rows = db.query("SELECT " REMOTE_COLUMNS " FROM remote_jobs" WITH_JOBS
                         " WHERE attempt_id = ? ORDER BY submission",
                         attempt);
    while (rows.next()) found.push_back(row_of(rows));
    return found;
}

std::optional<RemoteRow> find_remote_job(Database& db, const ports::RemoteJobRef& ref) {
    auto rows = db.query("SELECT " REMOTE_COLUMNS " FROM remote_jobs" WITH_JOBS
                         " WHERE attempt_id = ? AND submission = ?",
                         ref.attempt, ref.submission);
    if (!rows.next()) return std::nullopt;
    return row_of(rows);
}

// Two places may have given the same name; then the younger one is meant, because the older is soon over.
std::optional<AttemptId> find_attempt_of(Database& db, const std::string& remote_id) {
    auto rows = db.query("SELECT attempt_id FROM remote_jobs WHERE remote_id = ? ORDER BY seq DESC LIMIT 1",
                         remote_id);
    if (!rows.next()) return std::nullopt;
    return rows.id<AttemptId>(0);
}

bool remote_id_taken(Database& db, const std::string& target, const std::string& remote_id) {
    return db.integer("SELECT EXISTS (SELECT 1 FROM remote_jobs WHERE remote_id = ? AND target = ?)",
                      remote_id, target) != 0;
}

std::vector<RemoteJob> list_due_remote_jobs(Database& db, const NodeId& node, TimePoint now, int count_max) {
    std::vector<RemoteJob> due;
    const int limit = std::max(0, count_max);
    auto rows = db.query(due_remote_jobs_sql, now, limit, node);
    while (rows.next()) due.push_back(row_of(rows).remote);
    return due;
}

std::optional<TimePoint> next_remote_look(Database& db, const NodeId& node) {
    auto rows = db.query(
        "SELECT look_at FROM remote_jobs INDEXED BY remote_jobs_open WHERE state <> 'ended'"
        " AND node = ? ORDER BY look_at LIMIT 1",
        node);
    if (!rows.next()) return std::nullopt;
    return rows.time(0);
}

std::vector<ports::RemoteTarget> list_remote_targets(Database& db) {
    std::vector<ports::RemoteTarget> targets;
    auto rows = db.query(
        "SELECT DISTINCT endpoint, target FROM remote_jobs INDEXED BY remote_jobs_open WHERE state <> 'ended'"
        " ORDER BY endpoint, target");
    while (rows.next()) targets.push_back({rows.text(0), rows.text(1)});
    return targets;
}

ports::RemoteJobPage list_remote_jobs(Database& db, std::int64_t after, int count_max) {
    ports::RemoteJobPage page;
    const auto limit = std::max<std::int64_t>(0, count_max);
    std::int64_t last = 0;
    auto rows = db.query("SELECT " REMOTE_COLUMNS " FROM remote_jobs" WITH_JOBS
                         " WHERE remote_jobs.seq > ? ORDER BY remote_jobs.seq LIMIT ?",
                         after, limit + 1);
    while (rows.next()) {
        if (std::ssize(page.remote_jobs) == limit) {
            page.next_after = last;
            break;
        }
        auto row = row_of(rows);
        last = row.seq;
        page.remote_jobs.push_back(std::move(row.remote));
    }
    return page;
}

bool remote_result_wanted(Database& db, const AttemptId& attempt) {
    return db.integer(
               "SELECT EXISTS (SELECT 1 FROM remote_jobs WHERE attempt_id = ? AND state <> 'ended' AND "
               "unwanted "
               "= 0)",
               attempt) != 0;
}

// Nothing can be cancelled that has no name: its look stays when it was.
std::int64_t make_unwanted(Database& db, const AttemptId& attempt, const std::string& counting,
                           TimePoint now) {
    if (!has_remote_jobs(db, attempt)) return 0;
    const auto due = db.run(
        "UPDATE remote_jobs SET unwanted = 1, look_at = CASE WHEN look_at > ?3 THEN ?3 ELSE look_at END "
        "WHERE attempt_id = ?1 AND state <> "
        "'ended' AND unwanted = 0 AND remote_id <> ?2",
        attempt, counting, now);
    db.post(
        "UPDATE remote_jobs SET unwanted = 1, look_at = CASE WHEN remote_id IS NULL THEN look_at ELSE ?2 END"
        " WHERE attempt_id = ?1 AND state <> 'ended' AND unwanted = 0",
        attempt, now + grace_of_the_counting_one);
    return due;
}

void forget_remote_jobs(Database& db, const AttemptId& attempt) {
    db.post("DELETE FROM remote_jobs WHERE attempt_id = ?", attempt);
}

void forget_remote_jobs_of_job(Database& db, std::int64_t job_seq) {
    db.post("DELETE FROM remote_jobs WHERE attempt_id IN (SELECT id FROM attempts WHERE job_seq = ?)",
            job_seq);
}

}  // namespace darkroom::store
