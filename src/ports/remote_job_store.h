// The durable memory of what runs elsewhere: every remote job that exists, may exist or has existed, what
// came in about it, and what it cost. Written before each call that may start one, so that no crash leaves a
// remote job that nobody looks after. As in job_store.h: success means committed; blocking; safe to use from
// many threads at once.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time.h"
#include "ports/job_store.h"

namespace darkroom::ports {

enum class RemoteState {
    intended,   // written before the submit: after a crash nobody knows whether it was sent
    unclear,    // sent, and nobody told its name yet
    submitted,  // has a name
    ended       // nothing more will come of it
};

/// One submit of an attempt; a second one only follows an unclear one.
struct RemoteJobRef {
    AttemptId attempt;
    int submission = 1;
    auto operator<=>(const RemoteJobRef&) const = default;  // NOLINT(modernize-use-nullptr): its mistake
};

struct RemoteJob {
    RemoteJobRef ref;
    JobId job;
    std::string endpoint;   // as configured when it was claimed
    std::string target;     // RemoteBackend::target() of then
    std::string remote_id;  // empty = not known
    RemoteState state = RemoteState::intended;
    int phase_seen = 0;     // the furthest RemotePhase, as a number; never goes back
    int looks = 0;          // so far
    bool claimed = false;   // a worker has it
    bool unwanted = false;  // its attempt or job is over: to be cancelled, its result is not waited for
    // Only a message that tells of an end has named it: it may be anybody's, and is never cancelled.
    bool hearsay = false;
    TimePoint created_at{};
    TimePoint look_at{};
    TimePoint deadline{};
    // succeeded, failed, cancelled, duplicate, gone, never_seen; of a submit that certainly did not arrive
    // refused or not_sent; empty while open
    std::string ended_as;
    std::optional<Milliseconds> delay;
    std::optional<Milliseconds> execution;
    std::int64_t cost_micro_usd = 0;
};

/// What a look learned of one that goes on.
struct RemoteNote {
    int phase_seen = 0;
    TimePoint look_at{};
    std::string waiting_for;  // told in the job while it has not begun
};

struct RemoteEnd {
    std::string ended_as;
    std::optional<Milliseconds> delay;
    std::optional<Milliseconds> execution;
    std::int64_t cost_micro_usd = 0;
    std::string gpu;
};

/// What became of a remote id that somebody (submit, webhook, claim, report) names for an attempt.
enum class Adoption {
    known,     // nothing new
    adopted,   // it was looked for: an intended or unclear submit now has its name
    surplus,   // all submits of the attempt have names: noted as one more, unwanted from the start
    foreign,   // it is another attempt's: nothing is changed
    forgotten  // no such attempt (any more)
};

/// A worker asks before it works.
enum class ClaimAnswer {
    granted,   // also when the same remote job asks again, because its first worker died
    taken,     // another remote job of this attempt has it
    unwanted,  // cancelled, superseded or over
    unknown    // no such attempt, or another's remote id
};

enum class InboxKind {
    hint,   // RunPod's own webhook: unsigned, to be confirmed
    report  // a worker's callback whose signature was right
};

/// What came in, stored before it was answered.
struct InboxEntry {
    std::int64_t seq = 0;  // given by the store
    InboxKind kind = InboxKind::hint;
    AttemptId attempt;
    std::string remote_id;
    bool tells_success = false;
    std::string body;         // of a report: whole; of a hint: its first 64 KiB
    std::uint64_t bytes = 0;  // as it came
    Sha256Bytes digest{};     // of all of it
    std::string once;         // the id of a callback that must not be taken twice; empty = none
    TimePoint received_at{};
};

enum class Received { stored, replayed };

struct RemoteTarget {
    std::string endpoint;
    std::string target;
};

/// Of one UTC day.
struct CostRow {
    std::string day;  // 2026-11-22
    UserId user;
    std::string type;
    std::string endpoint;
    std::int64_t remote_jobs = 0;
    std::int64_t execution_ms = 0;
    std::int64_t cost_micro_usd = 0;
};

struct RemoteJobPage {
    std::vector<RemoteJob> remote_jobs;
    std::int64_t next_after = 0;  // 0 = no more
};

class RemoteJobStore {
public:
    virtual ~RemoteJobStore() = default;

    // Submits. The first one of an attempt is written by its claim.
    /// One more submit of an attempt; nullopt if the attempt is over.
    virtual StoreResult<std::optional<RemoteJobRef>> open_remote_job(const AttemptId& attempt,
                                                                     const RemotePlan& plan,
                                                                     TimePoint now) = 0;
    /// foreign: another attempt has this id already, so `ref` stays unclear.
    virtual StoreResult<Adoption> note_submitted(const RemoteJobRef& ref, const std::string& remote_id,
                                                 TimePoint look_at) = 0;
    virtual StoreResult<void> note_unclear(const RemoteJobRef& ref, TimePoint look_at) = 0;

    // Ids that are heard of.
    /// From a webhook or a report; it stays hearsay until note_submitted() or claim_work() says the same.
    virtual StoreResult<Adoption> adopt(const AttemptId& attempt, const std::string& remote_id,
                                        TimePoint now) = 0;
    /// Adopts, then grants to one remote job of the attempt; that one is RUNNING from now on.
    virtual StoreResult<ClaimAnswer> claim_work(const AttemptId& attempt, const std::string& remote_id,
                                                const std::string& worker, TimePoint now) = 0;
    /// Whose remote job, open or ended, has this name; nullopt = nobody's that is known. Changes nothing.
    virtual StoreResult<std::optional<AttemptId>> find_attempt_of(const std::string& remote_id) = 0;

    // Looking after them.
    /// Open ones whose look_at has come, the longest due first. Costs the same with any history.
    virtual StoreResult<std::vector<RemoteJob>> list_due_remote_jobs(TimePoint now, int count_max) = 0;
    /// When the next one is due; nullopt = none is open.
    virtual StoreResult<std::optional<TimePoint>> next_remote_look() = 0;
    virtual StoreResult<std::vector<RemoteJob>> find_remote_jobs(const AttemptId& attempt) = 0;
    virtual StoreResult<void> note_look(const RemoteJobRef& ref, const RemoteNote& note) = 0;
    /// look_at of one by its id, so that it is looked at now. One that ended without success is opened once
    /// more if `tells_success`. False = nothing to look at.
    virtual StoreResult<bool> hurry(const AttemptId& attempt, const std::string& remote_id,
                                    bool tells_success, TimePoint now) = 0;
    /// Writes the end, and its cost into the attempt and into the day's costs. Ended before: the difference
    /// counts.
    virtual StoreResult<void> end_remote_job(const RemoteJobRef& ref, const RemoteEnd& end,
                                             TimePoint now) = 0;
    /// Where open ones are.
    virtual StoreResult<std::vector<RemoteTarget>> list_remote_targets() = 0;
    /// All of them, in the order of creation, for an audit. `after`: as in list_named_objects().
    virtual StoreResult<RemoteJobPage> list_remote_jobs(std::int64_t after, int count_max) = 0;

    // What comes in.
    virtual StoreResult<Received> receive(const InboxEntry& entry) = 0;
    /// Not settled, oldest first.
    virtual StoreResult<std::vector<InboxEntry>> list_inbox(int count_max) = 0;
    /// `outcome` in a word, for an operator: confirmed, late, duplicate, mismatch, forgotten.
    virtual StoreResult<void> settle_inbox(std::int64_t seq, const std::string& outcome) = 0;
    /// Settled ones and ids of callbacks that came in before.
    virtual StoreResult<void> forget_inbox(TimePoint received_before) = 0;

    // Costs.
    /// In micro-dollars, of the UTC day of `now`.
    virtual StoreResult<std::int64_t> spent_today(TimePoint now) = 0;
    /// Both days inclusive, as 2026-11-22.
    virtual StoreResult<std::vector<CostRow>> list_costs(const std::string& first_day,
                                                         const std::string& last_day) = 0;
};

}  // namespace darkroom::ports
