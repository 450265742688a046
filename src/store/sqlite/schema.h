// The tables, and how older files become like new ones. Each step is one transaction that also sets
// user_version, so a step that was killed half-way has not happened and runs again at the next start.
//
// jobs is wide and carries all that is only read; backlog, ready, inflight, delayed and flow are narrow and
// are all that queueing touches beside the job's own row, so neither the length of the queue nor the history
// shows in what a claim costs. Rows hang on an ascending integer (jobs.seq); the random UUIDs are indexed
// once, because a random key dirties one index page for each row.
//
// Listings of a user walk jobs_by_user, which never changes after creation, and drop what a filter does not
// want: their cost is bounded by the user's own jobs. What is under way is found through inflight and
// open_chains. Retention walks ended_jobs, where a job enters when it ends; what ended badly has partial
// indexes there that only the rare rows ever touch (by user, and over all users). What looks after remote
// jobs and the inbox likewise sees only what is open.
#pragma once
#include "store/sqlite/sqlite_database.h"

namespace darkroom::store {

/// "Dark": tells our files from those of other programs.
inline constexpr std::int64_t application_id = 0x4461726b;

/// The schema that this Darkroom writes.
int newest_schema();

/// Brings the file up to newest_schema(). It must be ours and not newer. Running it again changes nothing.
void migrate(SqliteDatabase& db);
/// Up to the schema `to` only, as an older Darkroom would have left it.
void migrate(SqliteDatabase& db, int to);

}  // namespace darkroom::store
