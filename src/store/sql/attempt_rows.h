// Table attempts: one row for each try at a job, keyed by the job and the try's number. There is no index on
// the attempt's id: while it runs it is found through its row in flight, afterwards through its job or, if it
// was sent to another machine, through its remote jobs.
#pragma once
#include <vector>

#include "ports/job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

void insert_attempt(Database& db, std::int64_t job_seq, const core::Attempt& attempt);
std::vector<core::Attempt> list_attempts(Database& db, std::int64_t job_seq);
AttemptId attempt_id(Database& db, std::int64_t job_seq, int number);
std::optional<core::Status> attempt_status(Database& db, std::int64_t job_seq, int number);

/// What an attempt made.
struct AttemptResult {
    int number = 0;
    core::Status status = core::Status::dispatched;
    std::vector<core::OutputImage> outputs;
    std::optional<core::ObjectKey> thumbnail;
};
/// nullopt: the job has no such attempt.
std::optional<AttemptResult> find_result(Database& db, std::int64_t job_seq, const AttemptId& attempt);
/// The objects are gone, so nothing names them any more.
void forget_results(Database& db, std::int64_t job_seq);
void drop_attempt(Database& db, std::int64_t job_seq, int number);

void mark_attempt_running(Database& db, std::int64_t job_seq, int number, TimePoint now);
/// Also of one that had failed: its error goes.
void close_attempt(Database& db, std::int64_t job_seq, int number, const ports::AttemptSucceeded& end,
                   TimePoint now);
void close_attempt(Database& db, std::int64_t job_seq, int number, const ports::AttemptFailed& end,
                   TimePoint now);
void close_attempt_cancelled(Database& db, std::int64_t job_seq, int number, TimePoint now);

}  // namespace darkroom::store
