// The durable memory of Darkroom. A function that returns success has committed: what it says is true after
// any crash. Blocking; safe to use from many threads at once. Every look at jobs and uploads says who asks
// (Access): there is no way to read a user's data without it. Status changes are compare-and-set on
// core/job_machine.h's table: what comes too late changes nothing.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "core/job.h"

namespace darkroom::ports {

enum class StoreErrorKind {
    unavailable,  // busy or unreachable: try later
    full,         // no space left: try later
    broken        // damaged, or a disk error: an operator must act; nothing is acknowledged any more
};

struct StoreError {
    StoreErrorKind kind;
    std::string detail;  // for the operator
};

template <class T>
using StoreResult = Result<T, StoreError>;

/// Who asks: one user for what is theirs, or an administrator for everybody's.
class Access {
public:
    static Access of(UserId user) { return Access(std::move(user)); }
    static Access everyone() { return Access(std::nullopt); }
    const std::optional<UserId>& only() const { return only_; }
    bool allows(const UserId& user) const { return !only_ || *only_ == user; }

private:
    explicit Access(std::optional<UserId> only) : only_(std::move(only)) {}
    std::optional<UserId> only_;
};

/// An API key; the store knows its SHA-256 only.
struct ApiKey {
    Sha256Bytes digest{};
    std::string name;  // shown in events
    UserId user;       // whose jobs it creates unless it names another
    bool admin = false;
    TimePoint created_at{};
    std::optional<TimePoint> revoked_at;
};

/// A repeated request must not create a second job: `key` is the client's, `fingerprint` the SHA-256 of what
/// it asked.
struct IdempotencyKey {
    std::string key;
    Sha256Bytes fingerprint{};
    TimePoint expires_at{};
};

struct NewJob {
    core::Job
        job;  // id, user, type, backend, params, recipe, inputs, priority, metadata, webhook_url, created_at
    std::vector<UploadId> uploads;     // used by it, so that they do not expire
    std::optional<Access> uploads_of;  // whose uploads it may use; unset = those of the job's user
    std::string actor;
    std::optional<IdempotencyKey> idempotency;
    /// Makes `job` a chain: id, type, backend, params, recipe and place of each step, whose `place.chain` is
    /// the job. The rest is taken from the job. Steps come after those that they take from.
    std::vector<core::Job> steps;
};

struct JobCreated {};
struct JobAlreadyCreated {
    JobId job;
};
struct IdempotencyKeyReused {};  // same key, other request
struct UploadGone {              // one of its uploads has expired or is another user's
    UploadId upload;
};
using CreateOutcome = std::variant<JobCreated, JobAlreadyCreated, IdempotencyKeyReused, UploadGone>;

struct JobFilter {
    std::vector<core::Status> statuses;  // empty = any
    std::optional<std::string> type;
    std::optional<TimePoint> created_from;  // inclusive
    std::optional<TimePoint> created_to;    // exclusive
    std::optional<JobId> chain;             // its steps; unset: jobs that are no steps
};

/// Newest first. `before` is the place after the last row of the page before (0 = start); a place is stable
/// while jobs are added.
struct JobPage {
    std::vector<core::Job> jobs;
    std::int64_t next_before = 0;  // 0 = no more
};

struct NotFound {};
struct NotAllowedNow {  // the table has no such transition
    core::Status status;
};
struct JobCancelled {
    std::vector<AttemptId> stop;  // attempts whose backends must be told
};
using CancelOutcome = std::variant<JobCancelled, NotAllowedNow, NotFound>;
struct JobRequeued {};
struct InputsRemoved {};  // retention took them: there is nothing left to work on
using RequeueOutcome = std::variant<JobRequeued, NotAllowedNow, InputsRemoved, NotFound>;

/// How a job is to be done: which recipe, with what, where.
struct WorkPlan {
    std::string backend;
    std::string params_json;
    std::string params_effective_json;
    std::string recipe;
    std::string recipe_digest;
    std::string models_json = "[]";
};

struct AttemptSelected {};
struct NoSuchAttempt {};
struct AttemptWithoutResult {};  // it has not succeeded, or retention took its outputs
using SelectOutcome = std::variant<AttemptSelected, NoSuchAttempt, AttemptWithoutResult, NotFound>;

/// What an attempt was done with.
struct AuditRow {
    JobId job;
    AttemptId attempt;
    int number = 0;
    UserId user;
    std::string type;
    std::string backend;
    std::string endpoint;
    core::Status status = core::Status::dispatched;
    std::string recipe;
    std::string recipe_digest;
    std::string models_json = "[]";
    TimePoint created_at{};
};
struct AuditPage {
    std::vector<AuditRow> rows;
    std::int64_t next_after = 0;  // 0 = no more
};

/// An upload with every object that it may have in the store.
struct ExpiredUpload {
    UploadId id;
    std::vector<core::ObjectKey> objects;
};

struct EarlierRequest {
    JobId job;
    Sha256Bytes fingerprint{};
};

/// What is kept for how long after a job's end.
enum class Retention { inputs, outputs, jobs };

/// How far a kind of retention has come: ends of jobs, then their order of creation.
struct RetirementMark {
    TimePoint finished_at{};
    std::int64_t seq = 0;
};
struct RetiredJobs {
    int jobs = 0;  // 0 = none is due
    std::vector<core::ObjectKey> objects;
    RetirementMark mark;  // of the last one
};

struct NamedObject {
    JobId job;
    core::ObjectKey key;
};
struct NamedObjects {
    std::vector<NamedObject> objects;
    std::int64_t next_after = 0;  // 0 = no more
};

enum class UploadOutcome { completed, not_found, already_complete, expired };

/// What a claim for a remote backend writes down before anything is sent: the first remote job of each
/// attempt, as intended (remote_job_store.h).
struct RemotePlan {
    std::string target;    // where it will be sent, whatever becomes of the configuration
    TimePoint look_at{};   // when somebody must look after it, should this process not live to do so
    TimePoint deadline{};  // after which it is certainly gone there
};

struct ClaimRequest {
    std::string backend;    // kind of work to take
    std::string endpoint;   // that will do it
    int inflight_max = 1;   // of the endpoint, rows in flight included
    bool per_node = false;  // the limit is each node's own: its processors, not somebody's endpoint
    int jobs_max = 100;
    TimePoint now{};
    std::optional<RemotePlan> remote;
};

/// A job with its new attempt as the last of job.attempts.
struct Claimed {
    core::Job job;
};

struct AttemptSucceeded {
    std::vector<core::OutputImage> outputs;
    std::optional<core::ObjectKey> thumbnail;
    Milliseconds execution{0};
    std::string completed_via;  // local, webhook, callback, poll, storage
    std::string measures_json = "{}";
    std::string warnings_json = "[]";
};
struct AttemptFailed {
    core::JobError error;
    std::optional<TimePoint> retry_at;  // nullopt = no other attempt
    std::string completed_via;
    /// The next attempt is done so: the recipe's fallback. Params stay, params_json and
    /// params_effective_json are not looked at.
    std::optional<WorkPlan> retry_as = {};
};
using AttemptEnd = std::variant<AttemptSucceeded, AttemptFailed>;

/// stale: the attempt or its job had ended before; only the slot was freed.
enum class Applied { applied, stale };

struct InflightAttempt {
    JobId job;
    AttemptId attempt;
    bool stopping = false;  // its job was cancelled; the slot waits for the backend
    std::string endpoint;
    bool is_mine = true;  // this node looks after it (nodes.h)
};

/// How much of the work is done for one user while others wait too; users without one have {1, none}.
struct UserShare {
    UserId user;
    int weight = 1;                   // 1 to 100: with 2, twice as many jobs as a user with 1
    std::optional<int> inflight_max;  // of one kind of backend, jobs about to be claimed included; 1 or more
};

/// A user with a share of his own or with jobs in the queue.
struct UserStanding {
    UserShare share;  // {1, none} without one of his own
    std::int64_t waiting = 0;
    std::int64_t at_work = 0;
};

struct StoreGauges;  // meters.h

struct Promotion {
    int promoted = 0;
    std::optional<TimePoint> next_due;  // of what is still delayed
};

struct QueueCounts {
    std::int64_t ready = 0;  // waiting without a date, whether or not it is the user's turn
    std::int64_t delayed = 0;
    std::int64_t inflight = 0;
};

/// Told after commits, on a thread of the store, before the caller of the change returns; of changes by other
/// nodes soon after. Must be quick and call nothing back.
class StoreListener {
public:
    virtual ~StoreListener() = default;
    virtual void jobs_ready() = 0;  // something may be claimed that could not before
    virtual void job_changed(const JobId& job) = 0;
    virtual void remote_work_due() {}   // a remote job or the inbox wants attention now
    virtual void attempts_to_stop() {}  // another node cancelled a job of which this one has an attempt
    virtual void look_again() {}        // what other nodes changed was perhaps not told for a while
};

class JobStore {
public:
    virtual ~JobStore() = default;
    /// Replaces the listener; nullptr = none. Returns when no call to the old one is under way.
    virtual void set_listener(StoreListener* listener) = 0;
    /// A cheap true read and write path check for readiness.
    virtual StoreResult<void> ping() = 0;

    // Keys.
    virtual StoreResult<void> put_api_key(const ApiKey& key) = 0;  // replaces one with the same digest
    virtual StoreResult<std::optional<ApiKey>> find_api_key(const Sha256Bytes& digest) = 0;
    virtual StoreResult<std::vector<ApiKey>> list_api_keys() = 0;
    virtual StoreResult<bool> revoke_api_key(const Sha256Bytes& digest,
                                             TimePoint now) = 0;  // false = no such key

    // Uploads.
    virtual StoreResult<void> create_upload(const core::Upload& upload) = 0;
    virtual StoreResult<std::optional<core::Upload>> find_upload(const Access& access,
                                                                 const UploadId& id) = 0;
    /// Pending → ready, once; afterwards it expires at `expires_at` unless a job uses it.
    virtual StoreResult<UploadOutcome> complete_upload(const Access& access, const UploadId& id,
                                                       const core::InputImage& image, TimePoint now,
                                                       TimePoint expires_at) = 0;
    /// Uploads that have expired and that no job uses, the longest expired first. An expired upload never
    /// becomes usable again, so its objects may be removed; then it is forgotten.
    virtual StoreResult<std::vector<ExpiredUpload>> list_expired_uploads(TimePoint now, int count_max) = 0;
    virtual StoreResult<void> forget_uploads(const std::vector<UploadId>& ids) = 0;

    // Jobs, for their owners.
    /// What an idempotency key was used for, if it still counts.
    virtual StoreResult<std::optional<EarlierRequest>> find_earlier_request(const UserId& user,
                                                                            const std::string& key,
                                                                            TimePoint now) = 0;
    virtual StoreResult<CreateOutcome> create_job(const NewJob& job) = 0;
    virtual StoreResult<std::optional<core::Job>> find_job(const Access& access, const JobId& id) = 0;
    virtual StoreResult<JobPage> list_jobs(const Access& access, const JobFilter& filter, std::int64_t before,
                                           int count_max) = 0;
    /// Remote jobs of its attempt are unwanted then. A chain: all its open steps. NotAllowedNow for one step.
    virtual StoreResult<CancelOutcome> cancel_job(const Access& access, const JobId& id,
                                                  const std::string& actor, TimePoint now) = 0;
    /// A chain: its steps that did not succeed. Not allowed for one step: it is its chain's.
    virtual StoreResult<RequeueOutcome> requeue_job(const Access& access, const JobId& id,
                                                    const std::string& actor, TimePoint now) = 0;
    /// Another attempt at a job that has ended, with a plan of its own, which is the job's from now on. What
    /// was made before stays, if retention left it. Not allowed for a chain or one of its steps.
    virtual StoreResult<RequeueOutcome> rerun_job(const Access& access, const JobId& id, const WorkPlan& plan,
                                                  const std::string& actor, TimePoint now) = 0;
    /// The job shows this attempt's outputs and thumbnail from now on, until a younger one succeeds.
    virtual StoreResult<SelectOutcome> select_attempt(const Access& access, const JobId& id,
                                                      const AttemptId& attempt, const std::string& actor,
                                                      TimePoint now) = 0;
    /// Events with seq > after, oldest first; nullopt if there is no such job for `access`.
    virtual StoreResult<std::optional<std::vector<core::JobEvent>>> list_events(const Access& access,
                                                                                const JobId& id,
                                                                                std::int64_t after,
                                                                                int count_max) = 0;

    // The queue, for dispatchers. What a node claims is its own (nodes.h): for others, and for itself once
    // they have taken it over, start_attempt(), finish_attempt() and give_back() are stale.
    /// Takes the next jobs, opens an attempt for each, and never lets the endpoint have more than
    /// inflight_max rows in flight, whatever other nodes do. Fair between users by their shares; of one user
    /// by priority, then age. Its cost does not grow with the queue or the history.
    virtual StoreResult<std::vector<Claimed>> claim(const ClaimRequest& request) = 0;
    virtual StoreResult<Applied> start_attempt(const AttemptId& attempt, TimePoint now) = 0;
    /// Ends an attempt and frees its slot, in one transaction with the job's own change. Remote jobs of the
    /// attempt that have not ended are unwanted from now on. Safe to call twice.
    virtual StoreResult<Applied> finish_attempt(const AttemptId& attempt, const AttemptEnd& end,
                                                const std::string& actor, TimePoint now) = 0;
    /// The backend certainly has not taken the attempt: the job is queued again, now or at `retry_at`, and
    /// the attempt and what was intended for it never were.
    virtual StoreResult<Applied> give_back(const AttemptId& attempt, std::optional<TimePoint> retry_at,
                                           const std::string& why, TimePoint now) = 0;
    /// A result for an attempt that had failed, of a job that waits for its next attempt or has FAILED.
    /// stale: the job has ended otherwise, or another attempt is at work.
    virtual StoreResult<Applied> succeed_late(const AttemptId& attempt, const AttemptSucceeded& end,
                                              const std::string& actor, TimePoint now) = 0;
    /// Of all nodes.
    virtual StoreResult<std::vector<InflightAttempt>> list_inflight(const std::string& endpoint) = 0;
    /// What nodes held that are gone is this node's from now on, their remote jobs and unread messages
    /// included. Returns the attempts in flight among it, at most so many; fewer = there is no more. At the
    /// start, and from time to time while others may die.
    virtual StoreResult<std::vector<InflightAttempt>> take_over(int count_max) = 0;
    /// Replaces the user's. What waits already keeps its place.
    virtual StoreResult<void> put_share(const UserShare& share) = 0;
    virtual StoreResult<std::vector<UserShare>> list_shares() = 0;  // those that were put, by user
    /// Moves what is due from delayed to where the others wait.
    virtual StoreResult<Promotion> promote_due(TimePoint now, int count_max) = 0;
    /// Costs the same however long the queue is.
    virtual StoreResult<QueueCounts> count_queue() = 0;
    /// In the order of their names, after `after` (empty = from the start).
    virtual StoreResult<std::vector<UserStanding>> list_users(const std::string& after, int count_max) = 0;

    // Upkeep.
    /// What only the store knows, of all nodes together, with the `users_max` users who store most. Costs the
    /// same however many jobs there are, but for users who are asked for.
    virtual StoreResult<StoreGauges> read_gauges(TimePoint now, int users_max) = 0;
    /// Compares what is kept of the shares of users with what is in the queue; returns for how many it was
    /// wrong and is right now. Any node, once a minute.
    virtual StoreResult<int> recount_flow() = 0;
    /// The next jobs that ended before `ended_before` and whose `what` is still kept, oldest end first, and
    /// the objects to remove. From here on the jobs say that these are gone; inputs that a younger or open
    /// job uses too are left for that one. Asking again gives the same jobs until settle_retired().
    virtual StoreResult<RetiredJobs> retire_jobs(Retention what, TimePoint ended_before, int jobs_max,
                                                 TimePoint now) = 0;
    /// The objects of a retire_jobs() are removed. Retention::jobs: the rows go now.
    virtual StoreResult<void> settle_retired(Retention what, const RetirementMark& up_to) = 0;
    /// Those that no row names. An input on a network volume counts as named while its job has an attempt in
    /// flight; any other key while an upload, a job or an attempt names it and retention has not taken it.
    virtual StoreResult<std::vector<core::ObjectKey>> find_unnamed_objects(
        const std::vector<core::ObjectKey>& keys) = 0;
    /// Attempts since then, in the order of their jobs' creation. `after` as in list_named_objects().
    virtual StoreResult<AuditPage> list_audit(TimePoint since, std::int64_t after, int count_max) = 0;
    /// The objects that jobs name and that must therefore be there, job after job in the order of creation.
    /// `after` is the place after the last job of the page before (0 = start).
    virtual StoreResult<NamedObjects> list_named_objects(std::int64_t after, int jobs_max) = 0;
};

}  // namespace darkroom::ports
