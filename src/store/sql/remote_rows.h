// Table remote_jobs: one row for each submit of an attempt, from before it is sent until nothing more can
// come of it. Only reads and writes rows; what is heard of them is remote_submits.h's, how they end
// remote_ends.h's.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ports/remote_job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

struct RemoteRow {
    std::int64_t seq = 0;
    std::int64_t job_seq = 0;
    int number = 0;  // of the attempt
    NodeId node;     // who looks after it
    ports::RemoteJob remote;
    std::string cost_day;  // in whose costs it was counted; empty = in none yet

    bool open() const { return remote.state != ports::RemoteState::ended; }
    bool named() const { return !remote.remote_id.empty(); }
};

/// The plan of the follower's look, told so that a test can ask for it: due at ?1, ?2 of them, of node ?3.
extern const char* const due_remote_jobs_sql;

/// What the end of an attempt asks first, told so that a database can foresee it.
extern const char* const any_remote_job_sql;
bool has_remote_jobs(Database& db, const AttemptId& attempt);

/// Inserts what `row.remote` says of the submit itself, its state and its name.
void insert_remote_job(Database& db, const RemoteRow& row);
/// In the order of their submits.
std::vector<RemoteRow> remote_jobs_of(Database& db, const AttemptId& attempt);
std::optional<RemoteRow> find_remote_job(Database& db, const ports::RemoteJobRef& ref);
std::optional<AttemptId> find_attempt_of(Database& db, const std::string& remote_id);
/// Whether a remote job of any attempt has this name there.
bool remote_id_taken(Database& db, const std::string& target, const std::string& remote_id);

std::vector<ports::RemoteJob> list_due_remote_jobs(Database& db, const NodeId& node, TimePoint now,
                                                   int count_max);
std::optional<TimePoint> next_remote_look(Database& db, const NodeId& node);
std::vector<ports::RemoteTarget> list_remote_targets(Database& db);
ports::RemoteJobPage list_remote_jobs(Database& db, std::int64_t after, int count_max);

/// Whether a result of the attempt may still come from elsewhere: its objects are not to be swept.
bool remote_result_wanted(Database& db, const AttemptId& attempt);
/// The attempt's open remote jobs are to be cancelled. `counting` is the name of the one whose end its caller
/// is about to write: the follower lets it be for a moment. Returns how many others are due now because of
/// it.
std::int64_t make_unwanted(Database& db, const AttemptId& attempt, const std::string& counting,
                           TimePoint now);
void forget_remote_jobs(Database& db, const AttemptId& attempt);
void forget_remote_jobs_of_job(Database& db, std::int64_t job_seq);

}  // namespace darkroom::store
