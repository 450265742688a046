// What following a remote job may come to: it goes on and is looked at again, or its attempt ends with it, or
// it ends alone. The order of the steps is what makes a crash between any two harmless: first the attempt's
// end, which leaves the remote job open and unwanted; then its outputs go; then the remote job's own end, for
// nothing leads there any more afterwards. All that is found again is done again.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/job.h"
#include "dispatch/collector.h"
#include "dispatch/follow_schedule.h"
#include "dispatch/remote_outputs.h"
#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/meters.h"
#include "ports/random.h"
#include "ports/remote_backend.h"
#include "ports/remote_job_store.h"

namespace darkroom::dispatch {

/// One remote job that is being followed.
struct RemoteCase {
    const ports::RemoteJob& row;
    const core::Job& job;  // as it was when this began
    ports::RemoteBackend& site;
    std::string via;  // how its end would have been heard of: webhook, callback, poll

    ports::RemoteTask task() const { return {row.job, row.ref.attempt, row.remote_id}; }
    const core::Attempt* attempt() const;
};

enum class Step {
    ended,        // nothing more will come of it
    goes_on,      // it will be looked at again
    store_failed  // nothing was written; it is still due
};

/// How the remote job ended, in the words of RemoteJob::ended_as.
std::string ended_as(ports::RemotePhase phase);

/// Safe to use from many threads at once, for one attempt from one thread at a time.
class RemoteEnds {
public:
    RemoteEnds(ports::JobStore& jobs, ports::RemoteJobStore& remote_jobs, Collector& collector,
               RemoteOutputs& outputs, const ports::Clock& clock, ports::Random& random, FollowTimes times,
               ports::Meters& meters);

    // It goes on.
    /// After the next pause of its schedule.
    Step look_again(const RemoteCase& at, const ports::RemoteLook& look);
    Step look_again_at(const RemoteCase& at, TimePoint when, int phase_seen, const std::string& waiting_for);
    /// The remote side could not be asked, or not about this.
    Step trouble(const RemoteCase& at, const ports::RemoteTrouble& trouble, int phase_seen);
    void started(const RemoteCase& at);

    // Its attempt ends with it.
    /// With what is wrong with the result, unless `otherwise` says what to end the attempt with then.
    Step collect(const RemoteCase& at, const ports::RemoteResult& result, const ports::RemoteLook& look,
                 const std::optional<core::JobError>& otherwise = std::nullopt);
    /// With what lies in the storage although nobody told of it; else with `otherwise`.
    Step search(const RemoteCase& at, const ports::RemoteLook& look,
                const std::optional<core::JobError>& otherwise);
    Step fail(const RemoteCase& at, const core::JobError& error, const ports::RemoteLook& look);
    Step fail(const RemoteCase& at, core::ErrorCode code, const ports::RemoteLook& look);

    /// It ends alone; the slot of a cancelled job goes with the last of its remote jobs.
    Step end(const RemoteCase& at, const std::string& ended_as, const ports::RemoteLook& look);
    /// False if the store did not take it.
    bool free_cancelled_slot(const RemoteCase& at);

    TimePoint now() const { return clock_.now(); }
    const FollowTimes& times() const { return times_; }
    /// The other open ones of its attempt; nullopt if the store does not answer.
    std::optional<std::vector<ports::RemoteJob>> others(const RemoteCase& at);

private:
    Step end_after(const RemoteCase& at, const ports::RemoteLook& look);
    bool clear_if_over(const RemoteCase& at);
    void tell_completion(const RemoteCase& at, Recorded recorded);
    Milliseconds within_patience(const RemoteCase& at, Milliseconds pause) const;
    template <class Changed>
    void look_now_if(const RemoteCase& at, int phase_seen, const Changed& changed);

    ports::JobStore& jobs_;
    ports::RemoteJobStore& remote_jobs_;
    Collector& collector_;
    RemoteOutputs& outputs_;
    const ports::Clock& clock_;
    ports::Random& random_;
    const FollowTimes times_;
    ports::Meters& meters_;
};

}  // namespace darkroom::dispatch
