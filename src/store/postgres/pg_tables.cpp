// The tables of schema 1, as pg_schema.h tells. Frozen once a Darkroom with it was released: what changes
// then is a step of its own.
#include "store/postgres/pg_schema.h"

namespace darkroom::store {

// TEXT stands for text in the order of bytes, as in SQLite; NOW for milliseconds since 1970.
//
// No index of jobs and attempts names a column that changes, and half of each page is left free: jobs are
// claimed and end many at a time and side by side, so the new versions of all rows of a page fit into it, and
// no index is touched (heap-only tuples).
extern const char* const first_postgres_tables;  // pg_schema.cpp's: a constant is a file's own otherwise
const char* const first_postgres_tables = R"sql(
CREATE TABLE nodes (
    id uuid PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    version TEXT NOT NULL,
    instance TEXT NOT NULL DEFAULT '',
    started_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    until bigint NOT NULL,
    gone bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX nodes_alive ON nodes (id) WHERE gone = 0;

CREATE TABLE leader (
    id bigint PRIMARY KEY CHECK (id = 1),
    term bigint NOT NULL,
    node uuid,
    until bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO leader VALUES (1, 0, NULL, 0);

CREATE TABLE last_commits (
    writer uuid PRIMARY KEY,
    token uuid NOT NULL,
    at bigint NOT NULL
) WITH (HOT, fillfactor = 50);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE api_keys (
    digest bytea PRIMARY KEY,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    admin bigint NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint
);

CREATE TABLE shares (
    user_id TEXT PRIMARY KEY,
    weight bigint NOT NULL,
    inflight_max bigint
);

CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes_max bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    image TEXT,
    used bigint NOT NULL DEFAULT 0,
    direct_key TEXT
) WITH (fillfactor = 80);
CREATE INDEX uploads_unused ON uploads (expires_at) WHERE used <= 0;

CREATE TABLE loose_inputs (
    upload_id uuid NOT NULL,
    job_seq bigint NOT NULL,
    PRIMARY KEY (upload_id, job_seq)
);

CREATE SEQUENCE jobs_seq INCREMENT BY 100;
CREATE TABLE jobs (
    seq bigint PRIMARY KEY,
    id uuid NOT NULL,
    user_id TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    backend TEXT NOT NULL,
    priority bigint NOT NULL,
    attempt_count bigint NOT NULL DEFAULT 0,
    attempts_forgiven bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    started_at bigint,
    finished_at bigint,
    error_code TEXT,
    error_message TEXT,
    selected_attempt uuid,
    thumbnail TEXT,
    recipe TEXT NOT NULL,
    params TEXT NOT NULL,
    params_effective TEXT NOT NULL,
    inputs TEXT NOT NULL,
    metadata TEXT NOT NULL,
    webhook_url TEXT,
    inputs_removed_at bigint,
    outputs_removed_at bigint,
    recipe_digest TEXT NOT NULL DEFAULT '',
    models TEXT NOT NULL DEFAULT '[]',
    rerun_after bigint NOT NULL DEFAULT 0,
    chain_seq bigint,
    step TEXT NOT NULL DEFAULT '',
    from_step TEXT NOT NULL DEFAULT '',
    from_role TEXT NOT NULL DEFAULT '',
    chain_outputs TEXT
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX jobs_by_id ON jobs (id);
CREATE INDEX jobs_by_user ON jobs (user_id, seq);
CREATE INDEX jobs_by_chain ON jobs (chain_seq, seq) WHERE chain_seq IS NOT NULL;

CREATE TABLE ended_jobs (
    finished_at bigint NOT NULL,
    job_seq bigint NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (finished_at, job_seq)
);
CREATE INDEX ended_badly ON ended_jobs (status, job_seq) WHERE status = 'FAILED' OR status = 'CANCELLED';
CREATE INDEX ended_badly_by_user ON ended_jobs (user_id, status, job_seq) WHERE status = 'FAILED' OR status = 'CANCELLED';

CREATE TABLE open_chains (
    job_seq bigint PRIMARY KEY
) WITH (HOT);

CREATE TABLE job_uploads (
    job_seq bigint NOT NULL,
    upload_id uuid NOT NULL,
    PRIMARY KEY (job_seq, upload_id)
);

CREATE TABLE attempts (
    job_seq bigint NOT NULL,
    number bigint NOT NULL,
    id uuid NOT NULL,
    backend TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    remote_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    params TEXT NOT NULL,
    recipe TEXT NOT NULL,
    created_at bigint NOT NULL,
    started_at bigint,
    finished_at bigint,
    delay_ms bigint,
    execution_ms bigint,
    completed_via TEXT NOT NULL DEFAULT '',
    outputs TEXT NOT NULL DEFAULT '[]',
    measures TEXT NOT NULL DEFAULT '{}',
    warnings TEXT NOT NULL DEFAULT '[]',
    error_code TEXT,
    error_message TEXT,
    cost_micro_usd bigint NOT NULL DEFAULT 0,
    gpu TEXT NOT NULL DEFAULT '',
    waiting_for TEXT NOT NULL DEFAULT '',
    recipe_digest TEXT NOT NULL DEFAULT '',
    models TEXT NOT NULL DEFAULT '[]',
    thumbnail TEXT,
    PRIMARY KEY (job_seq, number)
) WITH (fillfactor = 50);

CREATE SEQUENCE job_events_seq;
CREATE TABLE job_events (
    job_seq bigint NOT NULL,
    seq bigint NOT NULL DEFAULT nextval('job_events_seq'),
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    actor TEXT NOT NULL,
    attempt bigint,
    data TEXT NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (job_seq, seq)
);

CREATE TABLE backlog (
    backend TEXT NOT NULL,
    user_id TEXT NOT NULL,
    rank bigint NOT NULL,
    job_seq bigint NOT NULL,
    PRIMARY KEY (backend, user_id, rank, job_seq)
) WITH (HOT);

CREATE TABLE ready (
    backend TEXT NOT NULL,
    vt bigint NOT NULL,
    job_seq bigint NOT NULL,
    user_id TEXT NOT NULL,
    rank bigint NOT NULL,
    PRIMARY KEY (backend, vt, job_seq)
) WITH (HOT);
CREATE UNIQUE INDEX ready_by_user ON ready (backend, user_id, rank, job_seq);

CREATE TABLE flow (
    backend TEXT NOT NULL,
    user_id TEXT NOT NULL,
    admitted bigint NOT NULL DEFAULT 0,
    waiting bigint NOT NULL DEFAULT 0,
    last_vt bigint NOT NULL DEFAULT 0,
    last_rank bigint NOT NULL DEFAULT -9223372036854775808,
    last_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (backend, user_id)
) WITH (HOT, fillfactor = 50);

CREATE TABLE lanes (
    backend TEXT PRIMARY KEY,
    vt bigint NOT NULL
) WITH (HOT, fillfactor = 50);

CREATE TABLE tallies (
    what TEXT NOT NULL,
    label TEXT NOT NULL,
    shard TEXT NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (what, label, shard)
) WITH (HOT, fillfactor = 50);

CREATE TABLE delayed (
    job_seq bigint PRIMARY KEY,
    due_at bigint NOT NULL
) WITH (HOT);
CREATE INDEX delayed_by_date ON delayed (due_at, job_seq);

CREATE SEQUENCE claims_seq;
CREATE TABLE inflight (
    attempt_id uuid PRIMARY KEY,
    endpoint TEXT NOT NULL,
    job_seq bigint NOT NULL,
    number bigint NOT NULL,
    stopping bigint NOT NULL DEFAULT 0,
    node uuid NOT NULL,
    backend TEXT NOT NULL,
    user_id TEXT NOT NULL,
    claim bigint NOT NULL DEFAULT nextval('claims_seq')
) WITH (HOT, fillfactor = 80);
CREATE INDEX inflight_by_endpoint ON inflight (endpoint, claim);

CREATE TABLE idempotency (
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint bytea NOT NULL,
    job_id uuid NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

CREATE TABLE remote_jobs (
    seq bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    attempt_id uuid NOT NULL,
    submission bigint NOT NULL,
    job_seq bigint NOT NULL,
    number bigint NOT NULL,
    endpoint TEXT NOT NULL,
    target TEXT NOT NULL,
    remote_id TEXT,
    state TEXT NOT NULL,
    phase_seen bigint NOT NULL DEFAULT 0,
    looks bigint NOT NULL DEFAULT 0,
    claimed bigint NOT NULL DEFAULT 0,
    unwanted bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    look_at bigint NOT NULL,
    deadline bigint NOT NULL,
    ended_at bigint,
    ended_as TEXT NOT NULL DEFAULT '',
    delay_ms bigint,
    execution_ms bigint,
    cost_micro_usd bigint NOT NULL DEFAULT 0,
    cost_day TEXT,
    hearsay bigint NOT NULL DEFAULT 0,
    node uuid NOT NULL
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX remote_jobs_by_attempt ON remote_jobs (attempt_id, submission);
CREATE UNIQUE INDEX remote_jobs_by_name ON remote_jobs (remote_id, target) WHERE remote_id IS NOT NULL;
CREATE INDEX remote_jobs_open ON remote_jobs (look_at, seq) WHERE state <> 'ended';

CREATE TABLE webhook_inbox (
    seq bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL,
    attempt_id uuid NOT NULL,
    remote_id TEXT NOT NULL,
    tells_success bigint NOT NULL,
    bytes bigint NOT NULL,
    digest bytea NOT NULL,
    once TEXT NOT NULL,
    received_at bigint NOT NULL,
    outcome TEXT,
    body bytea NOT NULL,
    node uuid
) WITH (fillfactor = 80);
CREATE INDEX webhook_inbox_unsettled ON webhook_inbox (seq) WHERE outcome IS NULL;
CREATE INDEX webhook_inbox_settled ON webhook_inbox (received_at) WHERE outcome IS NOT NULL;

CREATE TABLE callback_ids (
    id TEXT PRIMARY KEY,
    received_at bigint NOT NULL
);
CREATE INDEX callback_ids_by_age ON callback_ids (received_at);

CREATE TABLE costs (
    day TEXT NOT NULL,
    user_id TEXT NOT NULL,
    type TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    remote_jobs bigint NOT NULL,
    execution_ms bigint NOT NULL,
    cost_micro_usd bigint NOT NULL,
    PRIMARY KEY (day, user_id, type, endpoint)
) WITH (fillfactor = 80);

CREATE TABLE retention (
    what TEXT PRIMARY KEY,
    finished_at bigint NOT NULL,
    seq bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO retention VALUES
    ('inputs', -9223372036854775808, 0), ('outputs', -9223372036854775808, 0), ('jobs', -9223372036854775808, 0);

CREATE TABLE pulse (
    id bigint PRIMARY KEY CHECK (id = 1),
    beats bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO pulse VALUES (1, 0);
)sql";

}  // namespace darkroom::store
