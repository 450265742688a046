// How one kind of database runs the transactions of the group writer (group_writer.h). Used by its thread
// only. What fails throws SqlFailure.
#pragma once
#include <optional>
#include <vector>

#include "ports/job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

/// Whose rows a piece of work is going to change, so that a database with several writers can lock them in
/// one go and in one order. Empty: new rows only, or it looks after itself.
struct Touched {
    std::optional<JobId> job;
    std::optional<AttemptId> attempt;
    std::optional<UploadId> upload;
    const ports::NewJob* creation = nullptr;  // its uploads, and whether it was asked for before
};
inline Touched touching(const JobId& job) { return {job, {}, {}, nullptr}; }
inline Touched touching(const AttemptId& attempt) { return {{}, attempt, {}, nullptr}; }
inline Touched touching(const UploadId& upload) { return {{}, {}, upload, nullptr}; }
inline Touched creating(const ports::NewJob& job) { return {{}, {}, {}, &job}; }

struct News;

class WriteSide {
public:
    virtual ~WriteSide() = default;

    virtual Database& db() = 0;
    /// Who this process is, for what it claims.
    virtual NodeId node() const = 0;
    virtual void begin(const std::vector<Touched>& touched) = 0;
    /// Success means durable. A connection that breaks meanwhile is no excuse for a guess.
    virtual void commit() = 0;
    /// After a failure of any of the above: nothing has happened, for sure.
    virtual void roll_back() = 0;

    /// After a commit: other processes may want to know of it.
    virtual void tell_others(const News& /*news*/) {}

    /// Whether a failure like this one means that nothing must be written any more.
    virtual bool ends_writing(ports::StoreErrorKind kind) const = 0;
    /// Housekeeping, when everybody has their answer. What it returns ends writing.
    virtual std::optional<ports::StoreError> tidy_up() { return std::nullopt; }
};

}  // namespace darkroom::store
