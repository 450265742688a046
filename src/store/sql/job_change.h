// One change of a job on its way into the rows: core/job_machine.h's table says what follows, perform() does
// it, appends the event and tells whoever watches. No rule of its own.
#pragma once
#include <optional>
#include <string>

#include "ports/job_store.h"
#include "store/sql/job_rows.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

/// An event with what its effects need.
struct Change {
    core::JobEventKind kind;
    std::string actor;
    TimePoint now{};
    std::optional<int> attempt;  // number, if the event is about one
    std::optional<AttemptId> attempt_id;
    std::string data_json = "{}";
    const ports::AttemptEnd* end = nullptr;  // of succeed, succeed_late, retry_later and give_up
    std::optional<TimePoint> due;            // of enqueue; unset = at once
    bool waits = false;         // of enqueue: a step whose input is not made yet stands in no line
    std::string endpoint = {};  // of the attempt, for whoever counts
};

/// Performs `change` on `job` if the table allows it; otherwise nothing changes. dequeue and open_attempt of
/// a claim are its own, done before.
bool perform(Transaction& transaction, JobHead& job, const Change& change);

/// What whoever counts is told of an event that made `job` what it is now; `since` is when it became what it
/// was before.
ports::JobMove move_of(const JobHead& job, core::JobEventKind event, TimePoint since, TimePoint now);

/// Appends an event that changes no status, and tells whoever watches the job, and its chain if it is a step.
void tell(Transaction& transaction, const JobHead& job, std::string kind, const Change& change);

/// The attempt has a result, which the job's user keeps.
void close_with(Transaction& transaction, const JobHead& job, int number, const ports::AttemptSucceeded& end,
                TimePoint now);

/// From the end of an attempt on, nobody waits for what it left elsewhere, but for `counting`.
void let_go(Transaction& transaction, const AttemptId& attempt, const std::string& counting, TimePoint now);

}  // namespace darkroom::store
