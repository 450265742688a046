// The sixth step of the schema (schema.h): nodes, shares of users, and the fair queue.
//
// Who holds what is the node that claimed it (ports/nodes.h); what an older Darkroom left is held by nobody
// who lives. A message belongs to who holds its attempt's remote jobs; NULL = to whoever leads.
//
// What waits is in backlog, in the order of its user, and the first of each user in ready, in the order of
// claiming; flow says how many of a user's are in ready and in flight, and in backlog. A row in flight
// carries the backend that its job waited for, because the job may wait for another one before the row goes.
//
// What ended is in ended_jobs, but steps of chains, and what has not ended of chains in open_chains: so no
// index of jobs names a column that changes, and an end does not touch those of jobs at all.
//
// tallies keeps sums of what nobody should count (store/sql/tallies.h).
#pragma once

namespace darkroom::store {

inline constexpr const char* sixth = R"sql(
CREATE TABLE nodes (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

ALTER TABLE remote_jobs ADD COLUMN node BLOB NOT NULL DEFAULT x'00000000000000000000000000000000';
ALTER TABLE webhook_inbox ADD COLUMN node BLOB;

CREATE TABLE shares (
    user_id TEXT PRIMARY KEY,
    weight INTEGER NOT NULL,
    inflight_max INTEGER
) STRICT, WITHOUT ROWID;

DROP INDEX inflight_by_endpoint;
ALTER TABLE inflight RENAME TO old_inflight;
CREATE TABLE inflight (
    attempt_id BLOB PRIMARY KEY,
    endpoint TEXT NOT NULL,
    job_seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    stopping INTEGER NOT NULL DEFAULT 0,
    node BLOB NOT NULL,
    backend TEXT NOT NULL,
    user_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX inflight_by_endpoint ON inflight (endpoint);
INSERT INTO inflight SELECT attempt_id, old.endpoint, old.job_seq, old.number, old.stopping,
    x'00000000000000000000000000000000', attempts.backend, jobs.user_id
    FROM old_inflight AS old JOIN attempts USING (job_seq, number) JOIN jobs ON jobs.seq = old.job_seq;
DROP TABLE old_inflight;

ALTER TABLE ready RENAME TO old_ready;
CREATE TABLE backlog (
    backend TEXT NOT NULL,
    user_id TEXT NOT NULL,
    rank INTEGER NOT NULL,
    job_seq INTEGER NOT NULL,
    PRIMARY KEY (backend, user_id, rank, job_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE ready (
    backend TEXT NOT NULL,
    vt INTEGER NOT NULL,
    job_seq INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    rank INTEGER NOT NULL,
    PRIMARY KEY (backend, vt, job_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE flow (
    backend TEXT NOT NULL,
    user_id TEXT NOT NULL,
    admitted INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    last_vt INTEGER NOT NULL DEFAULT 0,
    last_rank INTEGER NOT NULL DEFAULT -9223372036854775808,
    last_seq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (backend, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE lanes (
    backend TEXT PRIMARY KEY,
    vt INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO backlog SELECT old.backend, jobs.user_id, old.rank, old.job_seq
    FROM old_ready AS old CROSS JOIN jobs ON jobs.seq = old.job_seq ORDER BY 1, 2, 3, 4;
DROP TABLE old_ready;
INSERT INTO ready SELECT backend, 1000000 * place, job_seq, user_id, rank FROM (SELECT *, row_number()
    OVER (PARTITION BY backend, user_id ORDER BY rank, job_seq) AS place FROM backlog) WHERE place <= 64 ORDER BY 1, 2, 3;
CREATE UNIQUE INDEX ready_by_user ON ready (backend, user_id, rank, job_seq);
DELETE FROM backlog WHERE EXISTS (SELECT 1 FROM ready WHERE ready.backend = backlog.backend
    AND ready.user_id = backlog.user_id AND ready.rank = backlog.rank AND ready.job_seq = backlog.job_seq);
INSERT INTO flow (backend, user_id, waiting) SELECT backend, user_id, count(*) FROM backlog GROUP BY 1, 2;
INSERT INTO flow (backend, user_id, admitted, last_vt, last_rank, last_seq)
    SELECT backend, user_id, count(*), max(vt), max(rank), max(job_seq) FROM ready WHERE true GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET admitted = excluded.admitted, last_vt = excluded.last_vt,
    last_rank = excluded.last_rank, last_seq = excluded.last_seq;
INSERT INTO flow (backend, user_id, admitted)
    SELECT backend, user_id, count(*) FROM inflight WHERE true GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET admitted = flow.admitted + excluded.admitted;

DROP INDEX jobs_at_work;
DROP INDEX jobs_ended_badly;
DROP INDEX jobs_ended_badly_by_user;
DROP INDEX jobs_by_end;
CREATE TABLE ended_jobs (
    finished_at INTEGER NOT NULL,
    job_seq INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (finished_at, job_seq)
) STRICT, WITHOUT ROWID;
INSERT INTO ended_jobs SELECT finished_at, seq, user_id, status FROM jobs
    WHERE finished_at IS NOT NULL AND chain_seq IS NULL ORDER BY 1, 2;
CREATE INDEX ended_badly ON ended_jobs (status, job_seq) WHERE status = 'FAILED' OR status = 'CANCELLED';
CREATE INDEX ended_badly_by_user ON ended_jobs (user_id, status, job_seq) WHERE status = 'FAILED' OR status = 'CANCELLED';
CREATE TABLE open_chains (
    job_seq INTEGER PRIMARY KEY
) STRICT;
INSERT INTO open_chains SELECT seq FROM jobs WHERE chain_outputs IS NOT NULL AND finished_at IS NULL;

CREATE TABLE tallies (
    what TEXT NOT NULL,
    label TEXT NOT NULL,
    shard TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (what, label, shard)
) STRICT, WITHOUT ROWID;
INSERT INTO tallies SELECT 'ready', backend, '', count(*) FROM ready GROUP BY backend;
INSERT INTO tallies SELECT 'backlog', backend, '', count(*) FROM backlog GROUP BY backend;
INSERT INTO tallies SELECT 'delayed', backend, '', count(*) FROM delayed JOIN jobs ON seq = job_seq GROUP BY backend;
INSERT INTO tallies SELECT 'jobs', status || ' ' || backend, '', count(*) FROM jobs GROUP BY 2;
INSERT INTO tallies SELECT 'ended', status || ' ' || CASE WHEN status = 'FAILED' THEN coalesce(error_code, '-') ELSE '-' END
    || ' ' || type, '', count(*) FROM jobs WHERE status IN ('SUCCEEDED', 'FAILED', 'CANCELLED') GROUP BY 2;
INSERT INTO tallies SELECT 'inputs', user_id, '', sum(image ->> 'bytes') FROM uploads
    WHERE image IS NOT NULL AND json_valid(image) GROUP BY user_id;
INSERT INTO tallies SELECT 'outputs', user_id, '', sum(output.value ->> 'bytes') FROM attempts JOIN jobs ON seq = job_seq
    CROSS JOIN json_each(CASE WHEN json_valid(outputs) THEN outputs ELSE '[]' END) AS output
    WHERE outputs_removed_at IS NULL AND outputs <> '[]' GROUP BY user_id;
)sql";

}  // namespace darkroom::store
