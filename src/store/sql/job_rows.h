// Tables jobs, ended_jobs and open_chains, and reading a job whole with its attempts. Decides nothing.
#pragma once
#include <cstdint>
#include <optional>

#include "ports/job_store.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

/// What a transition reads and may change of a job; the wide rest stays where it is.
struct JobHead {
    std::int64_t seq = 0;
    JobId id;
    UserId user;
    core::Status status = core::Status::queued;
    std::string backend;
    int priority = 0;
    int attempt_count = 0;  // the number of the newest attempt
    int attempts_forgiven = 0;
    TimePoint updated_at{};
    std::optional<TimePoint> started_at;
    std::optional<TimePoint> finished_at;
    std::optional<core::JobError> error;
    std::optional<AttemptId> selected_attempt;
    std::optional<core::ObjectKey> thumbnail;
    int rerun_after = 0;                    // attempts up to this number were made for another plan
    std::optional<std::int64_t> chain_seq;  // of a step: its chain
    bool is_chain = false;
    std::string type;
    TimePoint created_at{};

    /// As its row says, tallies count it and ended_jobs lists it.
    struct Kept {
        core::Status status = core::Status::queued;
        std::string backend;
        std::optional<core::ErrorCode> error;
        std::optional<TimePoint> finished_at;
    };
    Kept kept;
};

/// How a job hangs on others.
struct Belonging {
    bool is_chain = false;
    std::optional<std::int64_t> chain_seq;  // of a step
};

/// Returns the job's seq.
std::int64_t insert_job(Transaction& transaction, const core::Job& job, const Belonging& belonging = {});

/// What find_job_head() and find_whole_job() ask by seq, told so that a database can foresee it.
extern const char* const job_head_columns;
extern const char* const job_head_sql;
extern const char* const whole_job_sql;

std::optional<JobHead> find_job_head(Database& db, const ports::Access& access, const JobId& id);
std::optional<JobHead> find_job_head(Database& db, std::int64_t seq);
/// Compare-and-set: writes everything that may change, if the status is still `from`.
void update_job(Transaction& transaction, JobHead& head, core::Status from);
/// The job itself is removed with it.
void remove_end(Database& db, std::int64_t seq, TimePoint finished_at);
/// Everything that a plan says, or only how it is done: params stay then.
void set_plan(Database& db, JobHead& head, const ports::WorkPlan& plan);
void set_recipe(Database& db, JobHead& head, const ports::WorkPlan& plan);

std::optional<core::Job> find_whole_job(Database& db, const ports::Access& access, const JobId& id);
std::optional<core::Job> find_whole_job(Database& db, std::int64_t seq);

struct HeadAndJob {
    JobHead head;
    core::Job job;
};
/// Both of one look.
std::optional<HeadAndJob> find_head_and_job(Database& db, std::int64_t seq);

std::optional<core::JobError> error_in(const Rows& rows, int code_column, int message_column);

}  // namespace darkroom::store
