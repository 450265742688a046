// The end of every attempt, heard once or twice: outputs are put into the object store, then one transaction
// makes the job SUCCEEDED, or queues it again, or gives it up. An object without a row is removed; a row
// never names an object that is not there.
#pragma once
#include <atomic>
#include <filesystem>
#include <functional>

#include "core/retry.h"
#include "dispatch/open_attempts.h"
#include "dispatch/storage_gate.h"
#include "ports/backend.h"
#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/meters.h"
#include "ports/object_store.h"
#include "ports/random.h"

namespace darkroom::dispatch {

/// How the end of a remote attempt was taken.
enum class Recorded {
    yes,     // now or before
    stale,   // the attempt had ended otherwise: nothing was changed, nothing is kept
    not_yet  // a store did not take it: it must be offered again, later
};

/// How a job is to go on whose attempt failed because its recipe cannot be done where it was sent; nullopt =
/// not otherwise than it was. `will_retry`: it would be tried again as it was. Called from any thread.
using Fallback = std::function<std::optional<ports::WorkPlan>(const core::Job& job,
                                                              const core::Attempt& failed, bool will_retry)>;

class Collector : public ports::AttemptSink {
public:
    /// `slot_freed` is called after each end, from the thread that brought it. A result that the object store
    /// does not take is offered again for `storage_patience`: the work that made it was dear.
    Collector(ports::JobStore& store, ports::ObjectStore& objects, const ports::Clock& clock,
              ports::Random& random, core::RetryPolicy policy, Milliseconds storage_patience,
              OpenAttempts& open, StorageGate& gate, std::function<void()> slot_freed, Fallback fallback = {},
              ports::Meters& meters = ports::no_meters());

    void attempt_started(const AttemptId& attempt) override;
    void attempt_finished(const AttemptId& attempt, ports::WorkResult result) override;

    /// Ends an attempt that failed, with another one to follow or not, as the schedule says.
    /// Unset: the store did not take it.
    std::optional<ports::Applied> fail(const core::Job& job, const AttemptId& attempt, core::JobError error,
                                       const std::string& endpoint);

    // Ends of remote attempts. Each is safe to call twice, from any thread, but for one attempt from one
    // thread at a time: both would write the same objects. None waits for a store: what is elsewhere stays
    // there. `via`: webhook, callback, poll or storage.
    /// Also for an attempt that was taken for failed, while its job waits for another one or has FAILED. The
    /// files are moved or removed. A result that cannot be kept fails the attempt.
    Recorded succeed_remote(const JobId& job, const AttemptId& attempt, const ports::WorkDone& done,
                            const std::string& via);
    Recorded fail_remote(const JobId& job, const AttemptId& attempt, core::JobError error,
                         const std::string& via);
    /// Frees the slot of an attempt whose job was cancelled.
    Recorded cancelled_remote(const JobId& job, const AttemptId& attempt, const std::string& via);

    /// Removes what an attempt of a process that died may have put away before any row named it. Only before
    /// the job has another attempt.
    void discard_unrecorded(const core::Job& job, const AttemptId& attempt);

    /// From now on an end that the store does not take is left for the next start to find, instead of being
    /// offered again.
    void stop_insisting() { insisting_ = false; }

private:
    Result<ports::ObjectInfo, core::JobError> put_patiently(const core::ObjectKey& key,
                                                            const std::filesystem::path& file,
                                                            Milliseconds patience);
    Result<ports::AttemptSucceeded, core::JobError> keep(const core::Job& job, const AttemptId& attempt,
                                                         const ports::WorkDone& done, Milliseconds patience);
    ports::AttemptFailed failed(const core::Job& job, const AttemptId& attempt, core::JobError error,
                                const std::string& via);
    std::optional<ports::WorkPlan> fallback_for(const core::Job& job, const AttemptId& attempt,
                                                core::ErrorCode code, bool will_retry) const;
    Recorded offer_success(const core::Job& job, const core::Attempt& attempt,
                           const ports::AttemptSucceeded& kept);
    /// Unset: the store did not take it.
    std::optional<ports::Applied> finish(const JobId& job, const AttemptId& attempt,
                                         const ports::AttemptEnd& end, const std::string& endpoint);
    void tell_completion(const ports::EndpointInfo& endpoint, std::optional<ports::Applied> applied);
    void discard_unless_shown(const JobId& job, const AttemptId& attempt,
                              const ports::AttemptSucceeded& kept);
    void discard(const ports::AttemptSucceeded& kept);
    void remove(const std::vector<core::ObjectKey>& keys);

    ports::JobStore& store_;
    ports::ObjectStore& objects_;
    const ports::Clock& clock_;
    ports::Random& random_;
    core::RetryPolicy policy_;
    Milliseconds storage_patience_;
    OpenAttempts& open_;
    StorageGate& gate_;
    std::function<void()> slot_freed_;
    Fallback fallback_;
    ports::Meters& meters_;
    std::atomic<bool> insisting_{true};
};

}  // namespace darkroom::dispatch
