// What the rows of a SQL store must never show, in SQL that SQLite and Postgres both understand.
#pragma once
#include <utility>

namespace darkroom::conformance {

/// Counts the labels of a tally that say something else than `rows`, which name one label each and how much
/// less there would be without them.
#define WRONG_TALLIES(what, rows)                                                                        \
    "SELECT count(*) FROM (SELECT label FROM (SELECT label, value AS n FROM tallies WHERE what = '" what \
    "' UNION ALL " rows ") AS both_sides GROUP BY label HAVING sum(n) <> 0) AS wrong"

/// Each finds rows that must not exist: what they would be, and how many there are.
inline constexpr std::pair<const char*, const char*> row_checks[] = {
    {"a place in line without a waiting job",
     "SELECT count(*) FROM ready LEFT JOIN jobs ON seq = job_seq AND status = 'QUEUED' AND ready.backend = "
     "jobs.backend AND ready.user_id = jobs.user_id"
     " AND rank = -priority WHERE seq IS NULL"},
    {"a place in a backlog without a waiting job",
     "SELECT count(*) FROM backlog LEFT JOIN jobs ON seq = job_seq AND status = 'QUEUED' AND backlog.backend "
     "= jobs.backend AND backlog.user_id = jobs.user_id AND rank = -priority WHERE seq IS NULL"},
    {"a job in a backlog that is to be done before one of its user in line",
     "SELECT count(*) FROM backlog JOIN ready USING (backend, user_id) WHERE (backlog.rank, backlog.job_seq) "
     "< (ready.rank, ready.job_seq)"},
    {"jobs of a user in line in another order than theirs",
     "SELECT count(*) FROM ready AS one JOIN ready AS other USING (backend, user_id) WHERE (one.rank, "
     "one.job_seq) < (other.rank, other.job_seq) AND (one.vt, one.job_seq) >= (other.vt, other.job_seq)"},
    {"a row of flow that counts wrong",
     "SELECT count(*) FROM flow WHERE admitted <> (SELECT count(*) FROM ready WHERE ready.backend = "
     "flow.backend AND ready.user_id = flow.user_id) + (SELECT count(*) FROM inflight WHERE inflight.backend "
     "= flow.backend AND inflight.user_id = flow.user_id) OR waiting <> (SELECT count(*) FROM backlog WHERE "
     "backlog.backend = flow.backend AND backlog.user_id = flow.user_id)"},
    {"a user in the queue without a row of flow",
     "SELECT count(*) FROM (SELECT backend, user_id FROM ready UNION SELECT backend, user_id FROM backlog "
     "UNION SELECT backend, user_id FROM inflight) AS there LEFT JOIN flow USING (backend, user_id) WHERE "
     "flow.admitted IS NULL"},
    {"a user who waits although there is room",
     "SELECT count(*) FROM flow LEFT JOIN shares USING (user_id) WHERE waiting > 0 AND admitted < 64 AND "
     "inflight_max IS NULL"},
    {"a tally of places in line that is wrong", WRONG_TALLIES("ready", "SELECT backend, -1 FROM ready")},
    {"a tally of places in backlogs that is wrong",
     WRONG_TALLIES("backlog", "SELECT backend, -1 FROM backlog")},
    {"a tally of delayed places that is wrong",
     WRONG_TALLIES("delayed", "SELECT backend, -1 FROM delayed JOIN jobs ON seq = job_seq")},
    {"a tally of jobs that is wrong", WRONG_TALLIES("jobs", "SELECT status || ' ' || backend, -1 FROM jobs")},
    {"a tally of ended jobs that is wrong",
     WRONG_TALLIES("ended",
                   "SELECT status || ' ' || CASE WHEN status = 'FAILED' THEN error_code ELSE '-' END"
                   " || ' ' || type, -1 FROM jobs WHERE finished_at IS NOT NULL")},
    {"a user with more in line and at work than the window lets in",
     "SELECT count(*) FROM flow WHERE admitted > 64"},
    {"a row in flight of another user than its job",
     "SELECT count(*) FROM inflight JOIN jobs ON seq = job_seq WHERE jobs.user_id <> inflight.user_id"},
    {"a delayed place without a waiting job",
     "SELECT count(*) FROM delayed LEFT JOIN jobs ON seq = job_seq AND status = 'QUEUED' WHERE seq IS NULL"},
    {"a waiting job without exactly one place",
     "SELECT count(*) FROM jobs LEFT JOIN (SELECT job_seq, count(*) AS places FROM (SELECT job_seq FROM "
     "ready "
     "UNION ALL SELECT job_seq FROM backlog UNION ALL SELECT job_seq FROM delayed) AS all_places GROUP BY "
     "job_seq) AS placed ON placed.job_seq = jobs.seq WHERE status = 'QUEUED' AND coalesce(places, 0) <> "
     "CASE "
     "WHEN chain_outputs IS NULL AND (from_step = '' OR inputs <> '[]') THEN 1 ELSE 0 END"},
    {"a step whose chain is missing",
     "SELECT count(*) FROM jobs LEFT JOIN jobs AS chains ON chains.seq = jobs.chain_seq WHERE jobs.chain_seq "
     "IS NOT NULL AND chains.chain_outputs IS NULL"},
    {"a chain that has ended before its steps",
     "SELECT count(*) FROM jobs JOIN jobs AS chains ON chains.seq = jobs.chain_seq WHERE "
     "(chains.finished_at IS NOT NULL AND jobs.finished_at IS NULL)"},
    {"an attempt that is selected and shows nothing",
     "SELECT count(*) FROM jobs LEFT JOIN attempts ON job_seq = seq AND attempts.id = selected_attempt WHERE "
     "selected_attempt IS NOT NULL AND attempts.status IS DISTINCT FROM 'SUCCEEDED'"},
    {"a job at work without its row in flight",
     "SELECT count(*) FROM jobs WHERE status IN ('DISPATCHED', 'RUNNING') AND chain_outputs IS NULL AND NOT "
     "EXISTS"
     " (SELECT 1 FROM inflight WHERE job_seq = seq AND number = attempt_count AND stopping = 0)"},
    {"a row in flight that is not stopping and whose job is not at work",
     "SELECT count(*) FROM inflight JOIN jobs ON seq = job_seq WHERE stopping = 0 AND status NOT IN "
     "('DISPATCHED', 'RUNNING')"},
    {"a row in flight without its attempt",
     "SELECT count(*) FROM inflight LEFT JOIN attempts USING (job_seq, number) WHERE id IS DISTINCT FROM "
     "attempt_id"},
    {"an attempt_count that is wrong",
     "SELECT count(*) FROM jobs WHERE attempt_count <> (SELECT count(*) FROM attempts WHERE job_seq = seq)"},
    {"an upload that a job needs and that is gone",
     "SELECT count(*) FROM job_uploads JOIN jobs ON seq = job_seq LEFT JOIN uploads ON uploads.id = upload_id"
     " WHERE inputs_removed_at IS NULL AND uploads.id IS NULL"},
    {"an upload that counts other jobs than those that need it",
     "SELECT count(*) FROM uploads WHERE CASE WHEN used > 0 THEN used ELSE 0 END <> (SELECT count(*) FROM "
     "job_uploads JOIN jobs ON seq "
     "= "
     "job_seq WHERE upload_id = uploads.id AND inputs_removed_at IS NULL)"},
    {"a loose input that its job does not keep any more",
     "SELECT count(*) FROM loose_inputs LEFT JOIN jobs ON seq = job_seq AND inputs_removed_at IS NULL WHERE "
     "seq IS NULL"},
    {"a job that has not ended and has lost its inputs",
     "SELECT count(*) FROM jobs WHERE finished_at IS NULL AND (inputs_removed_at IS NOT NULL OR "
     "outputs_removed_at IS NOT NULL)"},
    {"an ended job behind the mark of a retention that has not seen it",
     "SELECT count(*) FROM jobs JOIN retention ON (jobs.finished_at, jobs.seq) <= (retention.finished_at, "
     "retention.seq) WHERE chain_seq IS NULL AND CASE what WHEN 'inputs' THEN inputs_removed_at IS NULL WHEN "
     "'outputs' THEN "
     "outputs_removed_at IS NULL ELSE TRUE END"},
    {"a remote job without its attempt",
     "SELECT count(*) FROM remote_jobs LEFT JOIN attempts USING (job_seq, number) WHERE id IS DISTINCT FROM "
     "attempt_id"},
    {"a remote job whose name does not fit its state",
     "SELECT count(*) FROM remote_jobs WHERE (state = 'submitted' AND remote_id IS NULL) OR (state IN "
     "('intended', "
     "'unclear') AND remote_id IS NOT NULL) OR remote_id = ''"},
    {"a remote job whose end does not fit its state",
     "SELECT count(*) FROM remote_jobs WHERE (state = 'ended') <> (ended_at IS NOT NULL) OR (state = "
     "'ended') <> "
     "(ended_as <> '')"},
    {"an open remote job that is wanted although its attempt is over for good",
     "SELECT count(*) FROM remote_jobs JOIN attempts USING (job_seq, number) WHERE state <> 'ended' AND "
     "unwanted = 0 "
     "AND status IN ('SUCCEEDED', 'CANCELLED')"},
    {"an attempt that two open remote jobs were granted",
     "SELECT count(*) FROM (SELECT 1 FROM remote_jobs WHERE claimed = 1 AND state <> 'ended' GROUP BY "
     "attempt_id "
     "HAVING count(*) > 1) AS twice"},
    {"an attempt that costs other than its remote jobs",
     "SELECT count(*) FROM attempts WHERE cost_micro_usd <> (SELECT coalesce(sum(cost_micro_usd), 0) FROM "
     "remote_jobs WHERE attempt_id = attempts.id)"},
    {"costs of remote jobs that no day has",
     "SELECT (SELECT coalesce(sum(cost_micro_usd), 0) FROM costs) < (SELECT coalesce(sum(cost_micro_usd), 0) "
     "FROM "
     "remote_jobs) OR (SELECT coalesce(sum(remote_jobs), 0) FROM costs) < (SELECT count(*) FROM remote_jobs "
     "WHERE "
     "cost_day IS NOT NULL)"},
};

}  // namespace darkroom::conformance
