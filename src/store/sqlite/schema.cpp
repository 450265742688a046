#include "store/sqlite/schema.h"

#include <array>

#include "base/check.h"
#include "store/sqlite/schema_sixth.h"

namespace darkroom::store {
namespace {

// 1, frozen: keys, uploads, jobs with their attempts and events, the queue, idempotency.
// Statuses and error codes are text, spelled as on the wire. JSON columns: params, params_effective,
// metadata, inputs, outputs, measures, warnings, data, image. rank is -priority, so that the primary key is
// the order of claiming.
constexpr const char* first = R"sql(
CREATE TABLE api_keys (
    digest BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    admin INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    id BLOB PRIMARY KEY,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes_max INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    image TEXT,
    used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_unused ON uploads (expires_at) WHERE used = 0;

CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    backend TEXT NOT NULL,
    priority INTEGER NOT NULL,
    attempt_count INTEGER NOT NULL DEFAULT 0,
    attempts_forgiven INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    error_code TEXT,
    error_message TEXT,
    selected_attempt BLOB,
    thumbnail TEXT,
    recipe TEXT NOT NULL,
    params TEXT NOT NULL,
    params_effective TEXT NOT NULL,
    inputs TEXT NOT NULL,
    metadata TEXT NOT NULL,
    webhook_url TEXT
) STRICT;
CREATE INDEX jobs_by_user ON jobs (user_id, seq);
CREATE INDEX jobs_at_work ON jobs (status, seq) WHERE status = 'DISPATCHED' OR status = 'RUNNING';
CREATE INDEX jobs_ended_badly ON jobs (status, seq) WHERE status = 'FAILED' OR status = 'CANCELLED';
CREATE INDEX jobs_ended_badly_by_user ON jobs (user_id, status, seq) WHERE status = 'FAILED' OR status = 'CANCELLED';

CREATE TABLE job_uploads (
    job_seq INTEGER NOT NULL REFERENCES jobs (seq),
    upload_id BLOB NOT NULL,
    PRIMARY KEY (job_seq, upload_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
    job_seq INTEGER NOT NULL REFERENCES jobs (seq),
    number INTEGER NOT NULL,
    id BLOB NOT NULL,
    backend TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    remote_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    params TEXT NOT NULL,
    recipe TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    delay_ms INTEGER,
    execution_ms INTEGER,
    completed_via TEXT NOT NULL DEFAULT '',
    outputs TEXT NOT NULL DEFAULT '[]',
    measures TEXT NOT NULL DEFAULT '{}',
    warnings TEXT NOT NULL DEFAULT '[]',
    error_code TEXT,
    error_message TEXT,
    PRIMARY KEY (job_seq, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_events (
    job_seq INTEGER NOT NULL REFERENCES jobs (seq),
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    actor TEXT NOT NULL,
    attempt INTEGER,
    data TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (job_seq, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE ready (
    backend TEXT NOT NULL,
    rank INTEGER NOT NULL,
    job_seq INTEGER NOT NULL,
    PRIMARY KEY (backend, rank, job_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE delayed (
    job_seq INTEGER PRIMARY KEY,
    due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX delayed_by_date ON delayed (due_at, job_seq);

CREATE TABLE inflight (
    attempt_id BLOB PRIMARY KEY,
    endpoint TEXT NOT NULL,
    job_seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    stopping INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX inflight_by_endpoint ON inflight (endpoint);

CREATE TABLE idempotency (
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    job_id BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

CREATE TABLE pulse (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO pulse VALUES (1, 0);
)sql";

// 2: uploads straight into the store, retention.
// uploads.used now counts the jobs that keep the upload's picture as an input; -1 = expired for good, its
// objects are being removed. loose_inputs has the inputs that came without their upload, so that nothing
// counts them, as long as their jobs keep them; it does not refer to jobs, because nothing searches it by
// job. retention has one mark for each kind: everything that ended up to there is done.
constexpr const char* second = R"sql(
ALTER TABLE uploads ADD COLUMN direct_key TEXT;
UPDATE uploads SET used = users.jobs
    FROM (SELECT upload_id, count(*) AS jobs FROM job_uploads GROUP BY upload_id) AS users
    WHERE users.upload_id = uploads.id;
DROP INDEX uploads_unused;
CREATE INDEX uploads_unused ON uploads (expires_at) WHERE used <= 0;

CREATE TABLE loose_inputs (
    upload_id BLOB NOT NULL,
    job_seq INTEGER NOT NULL,
    PRIMARY KEY (upload_id, job_seq)
) STRICT, WITHOUT ROWID;

ALTER TABLE jobs ADD COLUMN inputs_removed_at INTEGER;
ALTER TABLE jobs ADD COLUMN outputs_removed_at INTEGER;
CREATE INDEX jobs_by_end ON jobs (finished_at, seq) WHERE finished_at IS NOT NULL;

CREATE TABLE retention (
    what TEXT PRIMARY KEY,
    finished_at INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO retention VALUES
    ('inputs', -9223372036854775808, 0), ('outputs', -9223372036854775808, 0), ('jobs', -9223372036854775808, 0);
)sql";

// 3: work on other machines.
// remote_jobs has one row for each submit of an attempt; only the open ones are in remote_jobs_open, so what
// looks after them never sees the ended ones. It does not refer to jobs: nothing searches it by job, its rows
// go with their attempt. A name is unique where it is known; remote_id comes first in its index, because a
// webhook may tell nothing else. cost_day is the day in whose costs a remote job was counted. A body is the
// last column of webhook_inbox, so that the rest is read without it.
constexpr const char* third = R"sql(
CREATE TABLE remote_jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    attempt_id BLOB NOT NULL,
    submission INTEGER NOT NULL,
    job_seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    target TEXT NOT NULL,
    remote_id TEXT,
    state TEXT NOT NULL,
    phase_seen INTEGER NOT NULL DEFAULT 0,
    looks INTEGER NOT NULL DEFAULT 0,
    claimed INTEGER NOT NULL DEFAULT 0,
    unwanted INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    look_at INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    ended_at INTEGER,
    ended_as TEXT NOT NULL DEFAULT '',
    delay_ms INTEGER,
    execution_ms INTEGER,
    cost_micro_usd INTEGER NOT NULL DEFAULT 0,
    cost_day TEXT
) STRICT;
CREATE UNIQUE INDEX remote_jobs_by_attempt ON remote_jobs (attempt_id, submission);
CREATE UNIQUE INDEX remote_jobs_by_name ON remote_jobs (remote_id, target) WHERE remote_id IS NOT NULL;
CREATE INDEX remote_jobs_open ON remote_jobs (look_at, seq) WHERE state <> 'ended';

CREATE TABLE webhook_inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    attempt_id BLOB NOT NULL,
    remote_id TEXT NOT NULL,
    tells_success INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    digest BLOB NOT NULL,
    once TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    outcome TEXT,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX webhook_inbox_unsettled ON webhook_inbox (seq) WHERE outcome IS NULL;
CREATE INDEX webhook_inbox_settled ON webhook_inbox (received_at) WHERE outcome IS NOT NULL;

CREATE TABLE callback_ids (
    id TEXT PRIMARY KEY,
    received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX callback_ids_by_age ON callback_ids (received_at);

CREATE TABLE costs (
    day TEXT NOT NULL,
    user_id TEXT NOT NULL,
    type TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    remote_jobs INTEGER NOT NULL,
    execution_ms INTEGER NOT NULL,
    cost_micro_usd INTEGER NOT NULL,
    PRIMARY KEY (day, user_id, type, endpoint)
) STRICT, WITHOUT ROWID;

ALTER TABLE attempts ADD COLUMN cost_micro_usd INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN gpu TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN waiting_for TEXT NOT NULL DEFAULT '';
)sql";

// 4: whether the name of a remote job is only what a webhook says. Those that are open were named before
// anybody asked, and are cancelled as before.
constexpr const char* fourth = R"sql(
ALTER TABLE remote_jobs ADD COLUMN hearsay INTEGER NOT NULL DEFAULT 0;
)sql";

// 5: several results of a job, and chains.
// rerun_after: attempts up to this number were made for another plan than the job's, so none of them can end
// it late. A step hangs on its chain by chain_seq, a chain is what has chain_outputs; its steps are in
// jobs_by_chain, which no other job ever enters. Until now a job had one result, and so its thumbnail is that
// attempt's.
constexpr const char* fifth = R"sql(
ALTER TABLE jobs ADD COLUMN recipe_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN models TEXT NOT NULL DEFAULT '[]';
ALTER TABLE jobs ADD COLUMN rerun_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN chain_seq INTEGER;
ALTER TABLE jobs ADD COLUMN step TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN from_step TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN from_role TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN chain_outputs TEXT;
CREATE INDEX jobs_by_chain ON jobs (chain_seq, seq) WHERE chain_seq IS NOT NULL;

ALTER TABLE attempts ADD COLUMN recipe_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN models TEXT NOT NULL DEFAULT '[]';
ALTER TABLE attempts ADD COLUMN thumbnail TEXT;
UPDATE attempts SET thumbnail = (SELECT thumbnail FROM jobs WHERE seq = job_seq AND selected_attempt = attempts.id)
    WHERE status = 'SUCCEEDED';
)sql";

constexpr std::array steps = {first, second, third, fourth, fifth, sixth};

void perform(SqliteDatabase& db, int version) {
    db.execute("BEGIN IMMEDIATE");
    try {
        db.execute(steps[static_cast<std::size_t>(version - 1)]);
        db.execute("PRAGMA application_id = " + std::to_string(application_id));
        db.execute("PRAGMA user_version = " + std::to_string(version));
        db.execute("COMMIT");
    } catch (const SqlFailure&) {
        if (db.in_transaction()) db.execute("ROLLBACK");
        throw;
    }
}

}  // namespace

int newest_schema() { return static_cast<int>(steps.size()); }

void migrate(SqliteDatabase& db) { migrate(db, newest_schema()); }

void migrate(SqliteDatabase& db, int to) {
    const auto found = db.integer("PRAGMA user_version");
    DR_CHECK(found <= newest_schema() && to <= newest_schema());
    for (int version = static_cast<int>(found) + 1; version <= to; ++version) perform(db, version);
}

}  // namespace darkroom::store
