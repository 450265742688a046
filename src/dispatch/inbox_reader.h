// Works off what came in about one attempt: webhooks, which are hints and only make Darkroom look at once,
// and workers' signed reports, which are the truth. Each is settled with what became of it:
//
//   confirmed   the look said the same, or the report was taken
//   mismatch    the look said otherwise, the id is another attempt's, or the report is none
//   late        there was nothing more to learn
//   duplicate   it names one remote job more than was submitted
//   unheard     the remote side could not be asked; the poll goes on
//   forgotten   there is no such attempt any more
#pragma once
#include <string>
#include <vector>

#include "dispatch/remote_watch.h"
#include "ports/clock.h"
#include "ports/meters.h"
#include "ports/remote_job_store.h"

namespace darkroom::dispatch {

/// As RemoteWatch: one attempt from one thread at a time.
class InboxReader {
public:
    InboxReader(ports::RemoteJobStore& remote_jobs, RemoteWatch& watch, const ports::Clock& clock,
                ports::Meters& meters)
        : remote_jobs_(remote_jobs), watch_(watch), clock_(clock), meters_(meters) {}

    /// All of one attempt, oldest first. False if the store did not take something: what is not settled comes
    /// again.
    bool take(const AttemptId& attempt, const std::vector<ports::InboxEntry>& entries);

private:
    /// What became of all entries that name one remote id.
    struct Heard {
        std::string outcome;  // empty = to be decided by `phase`
        std::optional<ports::RemotePhase> phase;
    };
    bool take_hints(const AttemptId& attempt, const std::vector<const ports::InboxEntry*>& hints);
    bool take_nameless_hints(const AttemptId& attempt, const std::vector<const ports::InboxEntry*>& hints);
    bool take_report(const ports::InboxEntry& report);
    std::optional<Heard> follow_hint(const AttemptId& attempt, const std::string& remote_id,
                                     bool tells_success);
    bool settle(const ports::InboxEntry& entry, const std::string& outcome);

    ports::RemoteJobStore& remote_jobs_;
    RemoteWatch& watch_;
    const ports::Clock& clock_;
    ports::Meters& meters_;
};

}  // namespace darkroom::dispatch
