// A store that fails or dies as the test says: before a call, so that nothing was committed, or after it, so
// that it was committed and nobody was told. What dies is the process: the hook throws, and the test throws
// everything away that was built over the store.
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "ports/job_store.h"
#include "ports/meters.h"
#include "ports/remote_job_store.h"

namespace darkroom::testing {

/// Thrown by a hook to play the death of the process.
struct ProcessDies {};

class StoreFaults {
public:
    using Hook = std::function<std::optional<ports::StoreError>(std::string_view call)>;

    /// Called with the name of each call, without any lock; an error is what the caller is told.
    void before(Hook hook) { set(before_, std::move(hook)); }
    void after(Hook hook) { set(after_, std::move(hook)); }
    void none() {
        before(nullptr);
        after(nullptr);
    }

    template <class Call>
    auto around(std::string_view name, const Call& call) -> decltype(call()) {
        if (auto error = ask(before_, name)) return Fail(*std::move(error));
        auto done = call();
        if (auto error = ask(after_, name)) return Fail(*std::move(error));
        return done;
    }

private:
    void set(Hook& hook, Hook wanted) {
        const std::lock_guard lock(mutex_);
        hook = std::move(wanted);
    }
    std::optional<ports::StoreError> ask(const Hook& hook, std::string_view name) {
        Hook asked;
        {
            const std::lock_guard lock(mutex_);
            asked = hook;
        }
        return asked ? asked(name) : std::nullopt;
    }

    std::mutex mutex_;
    Hook before_;
    Hook after_;
};

class BreakableJobStore : public ports::JobStore {
public:
    BreakableJobStore(ports::JobStore& store, StoreFaults& faults) : store_(store), faults_(faults) {}

    void set_listener(ports::StoreListener* listener) override { store_.set_listener(listener); }
    ports::StoreResult<void> ping() override {
        return faults_.around("ping", [&] { return store_.ping(); });
    }
    ports::StoreResult<void> put_api_key(const ports::ApiKey& key) override {
        return faults_.around("put_api_key", [&] { return store_.put_api_key(key); });
    }
    ports::StoreResult<std::optional<ports::ApiKey>> find_api_key(const Sha256Bytes& digest) override {
        return faults_.around("find_api_key", [&] { return store_.find_api_key(digest); });
    }
    ports::StoreResult<std::vector<ports::ApiKey>> list_api_keys() override {
        return faults_.around("list_api_keys", [&] { return store_.list_api_keys(); });
    }
    ports::StoreResult<bool> revoke_api_key(const Sha256Bytes& digest, TimePoint now) override {
        return faults_.around("revoke_api_key", [&] { return store_.revoke_api_key(digest, now); });
    }
    ports::StoreResult<void> create_upload(const core::Upload& upload) override {
        return faults_.around("create_upload", [&] { return store_.create_upload(upload); });
    }
    ports::StoreResult<std::optional<core::Upload>> find_upload(const ports::Access& access,
                                                                const UploadId& id) override {
        return faults_.around("find_upload", [&] { return store_.find_upload(access, id); });
    }
    ports::StoreResult<ports::UploadOutcome> complete_upload(const ports::Access& access, const UploadId& id,
                                                             const core::InputImage& image, TimePoint now,
                                                             TimePoint expires_at) override {
        return faults_.around("complete_upload",
                              [&] { return store_.complete_upload(access, id, image, now, expires_at); });
    }
    ports::StoreResult<std::vector<ports::ExpiredUpload>> list_expired_uploads(TimePoint now,
                                                                               int count_max) override {
        return faults_.around("list_expired_uploads",
                              [&] { return store_.list_expired_uploads(now, count_max); });
    }
    ports::StoreResult<void> forget_uploads(const std::vector<UploadId>& ids) override {
        return faults_.around("forget_uploads", [&] { return store_.forget_uploads(ids); });
    }
    ports::StoreResult<std::optional<ports::EarlierRequest>> find_earlier_request(const UserId& user,
                                                                                  const std::string& key,
                                                                                  TimePoint now) override {
        return faults_.around("find_earlier_request",
                              [&] { return store_.find_earlier_request(user, key, now); });
    }
    ports::StoreResult<ports::CreateOutcome> create_job(const ports::NewJob& job) override {
        return faults_.around("create_job", [&] { return store_.create_job(job); });
    }
    ports::StoreResult<std::optional<core::Job>> find_job(const ports::Access& access,
                                                          const JobId& id) override {
        return faults_.around("find_job", [&] { return store_.find_job(access, id); });
    }
    ports::StoreResult<ports::JobPage> list_jobs(const ports::Access& access, const ports::JobFilter& filter,
                                                 std::int64_t before, int count_max) override {
        return faults_.around("list_jobs",
                              [&] { return store_.list_jobs(access, filter, before, count_max); });
    }
    ports::StoreResult<ports::CancelOutcome> cancel_job(const ports::Access& access, const JobId& id,
                                                        const std::string& actor, TimePoint now) override {
        return faults_.around("cancel_job", [&] { return store_.cancel_job(access, id, actor, now); });
    }
    ports::StoreResult<ports::RequeueOutcome> requeue_job(const ports::Access& access, const JobId& id,
                                                          const std::string& actor, TimePoint now) override {
        return faults_.around("requeue_job", [&] { return store_.requeue_job(access, id, actor, now); });
    }
    ports::StoreResult<ports::RequeueOutcome> rerun_job(const ports::Access& access, const JobId& id,
                                                        const ports::WorkPlan& plan, const std::string& actor,
                                                        TimePoint now) override {
        return faults_.around("rerun_job", [&] { return store_.rerun_job(access, id, plan, actor, now); });
    }
    ports::StoreResult<ports::SelectOutcome> select_attempt(const ports::Access& access, const JobId& id,
                                                            const AttemptId& attempt,
                                                            const std::string& actor,
                                                            TimePoint now) override {
        return faults_.around("select_attempt",
                              [&] { return store_.select_attempt(access, id, attempt, actor, now); });
    }
    ports::StoreResult<ports::AuditPage> list_audit(TimePoint since, std::int64_t after,
                                                    int count_max) override {
        return faults_.around("list_audit", [&] { return store_.list_audit(since, after, count_max); });
    }
    ports::StoreResult<std::optional<std::vector<core::JobEvent>>> list_events(const ports::Access& access,
                                                                               const JobId& id,
                                                                               std::int64_t after,
                                                                               int count_max) override {
        return faults_.around("list_events",
                              [&] { return store_.list_events(access, id, after, count_max); });
    }
    ports::StoreResult<std::vector<ports::Claimed>> claim(const ports::ClaimRequest& request) override {
        return faults_.around("claim", [&] { return store_.claim(request); });
    }
    ports::StoreResult<ports::Applied> start_attempt(const AttemptId& attempt, TimePoint now) override {
        return faults_.around("start_attempt", [&] { return store_.start_attempt(attempt, now); });
    }
    ports::StoreResult<ports::Applied> finish_attempt(const AttemptId& attempt, const ports::AttemptEnd& end,
                                                      const std::string& actor, TimePoint now) override {
        return faults_.around("finish_attempt",
                              [&] { return store_.finish_attempt(attempt, end, actor, now); });
    }
    ports::StoreResult<ports::Applied> give_back(const AttemptId& attempt, std::optional<TimePoint> retry_at,
                                                 const std::string& why, TimePoint now) override {
        return faults_.around("give_back", [&] { return store_.give_back(attempt, retry_at, why, now); });
    }
    ports::StoreResult<ports::Applied> succeed_late(const AttemptId& attempt,
                                                    const ports::AttemptSucceeded& end,
                                                    const std::string& actor, TimePoint now) override {
        return faults_.around("succeed_late", [&] { return store_.succeed_late(attempt, end, actor, now); });
    }
    ports::StoreResult<std::vector<ports::InflightAttempt>> list_inflight(
        const std::string& endpoint) override {
        return faults_.around("list_inflight", [&] { return store_.list_inflight(endpoint); });
    }
    ports::StoreResult<std::vector<ports::InflightAttempt>> take_over(int count_max) override {
        return faults_.around("take_over", [&] { return store_.take_over(count_max); });
    }
    ports::StoreResult<void> put_share(const ports::UserShare& share) override {
        return faults_.around("put_share", [&] { return store_.put_share(share); });
    }
    ports::StoreResult<std::vector<ports::UserShare>> list_shares() override {
        return faults_.around("list_shares", [&] { return store_.list_shares(); });
    }
    ports::StoreResult<ports::Promotion> promote_due(TimePoint now, int count_max) override {
        return faults_.around("promote_due", [&] { return store_.promote_due(now, count_max); });
    }
    ports::StoreResult<std::vector<ports::UserStanding>> list_users(const std::string& after,
                                                                    int count_max) override {
        return faults_.around("list_users", [&] { return store_.list_users(after, count_max); });
    }
    ports::StoreResult<ports::StoreGauges> read_gauges(TimePoint now, int users_max) override {
        return faults_.around("read_gauges", [&] { return store_.read_gauges(now, users_max); });
    }
    ports::StoreResult<int> recount_flow() override {
        return faults_.around("recount_flow", [&] { return store_.recount_flow(); });
    }
    ports::StoreResult<ports::QueueCounts> count_queue() override {
        return faults_.around("count_queue", [&] { return store_.count_queue(); });
    }
    ports::StoreResult<ports::RetiredJobs> retire_jobs(ports::Retention what, TimePoint ended_before,
                                                       int jobs_max, TimePoint now) override {
        return faults_.around("retire_jobs",
                              [&] { return store_.retire_jobs(what, ended_before, jobs_max, now); });
    }
    ports::StoreResult<void> settle_retired(ports::Retention what,
                                            const ports::RetirementMark& up_to) override {
        return faults_.around("settle_retired", [&] { return store_.settle_retired(what, up_to); });
    }
    ports::StoreResult<std::vector<core::ObjectKey>> find_unnamed_objects(
        const std::vector<core::ObjectKey>& keys) override {
        return faults_.around("find_unnamed_objects", [&] { return store_.find_unnamed_objects(keys); });
    }
    ports::StoreResult<ports::NamedObjects> list_named_objects(std::int64_t after, int jobs_max) override {
        return faults_.around("list_named_objects",
                              [&] { return store_.list_named_objects(after, jobs_max); });
    }

private:
    ports::JobStore& store_;
    StoreFaults& faults_;
};

class BreakableRemoteJobStore : public ports::RemoteJobStore {
public:
    BreakableRemoteJobStore(ports::RemoteJobStore& store, StoreFaults& faults)
        : store_(store), faults_(faults) {}

    ports::StoreResult<std::optional<ports::RemoteJobRef>> open_remote_job(const AttemptId& attempt,
                                                                           const ports::RemotePlan& plan,
                                                                           TimePoint now) override {
        return faults_.around("open_remote_job", [&] { return store_.open_remote_job(attempt, plan, now); });
    }
    ports::StoreResult<ports::Adoption> note_submitted(const ports::RemoteJobRef& ref,
                                                       const std::string& remote_id,
                                                       TimePoint look_at) override {
        return faults_.around("note_submitted",
                              [&] { return store_.note_submitted(ref, remote_id, look_at); });
    }
    ports::StoreResult<void> note_unclear(const ports::RemoteJobRef& ref, TimePoint look_at) override {
        return faults_.around("note_unclear", [&] { return store_.note_unclear(ref, look_at); });
    }
    ports::StoreResult<ports::Adoption> adopt(const AttemptId& attempt, const std::string& remote_id,
                                              TimePoint now) override {
        return faults_.around("adopt", [&] { return store_.adopt(attempt, remote_id, now); });
    }
    ports::StoreResult<ports::ClaimAnswer> claim_work(const AttemptId& attempt, const std::string& remote_id,
                                                      const std::string& worker, TimePoint now) override {
        return faults_.around("claim_work",
                              [&] { return store_.claim_work(attempt, remote_id, worker, now); });
    }
    ports::StoreResult<std::optional<AttemptId>> find_attempt_of(const std::string& remote_id) override {
        return faults_.around("find_attempt_of", [&] { return store_.find_attempt_of(remote_id); });
    }
    ports::StoreResult<std::vector<ports::RemoteJob>> list_due_remote_jobs(TimePoint now,
                                                                           int count_max) override {
        return faults_.around("list_due_remote_jobs",
                              [&] { return store_.list_due_remote_jobs(now, count_max); });
    }
    ports::StoreResult<std::optional<TimePoint>> next_remote_look() override {
        return faults_.around("next_remote_look", [&] { return store_.next_remote_look(); });
    }
    ports::StoreResult<std::vector<ports::RemoteJob>> find_remote_jobs(const AttemptId& attempt) override {
        return faults_.around("find_remote_jobs", [&] { return store_.find_remote_jobs(attempt); });
    }
    ports::StoreResult<void> note_look(const ports::RemoteJobRef& ref,
                                       const ports::RemoteNote& note) override {
        return faults_.around("note_look", [&] { return store_.note_look(ref, note); });
    }
    ports::StoreResult<bool> hurry(const AttemptId& attempt, const std::string& remote_id, bool tells_success,
                                   TimePoint now) override {
        return faults_.around("hurry", [&] { return store_.hurry(attempt, remote_id, tells_success, now); });
    }
    ports::StoreResult<void> end_remote_job(const ports::RemoteJobRef& ref, const ports::RemoteEnd& end,
                                            TimePoint now) override {
        return faults_.around("end_remote_job", [&] { return store_.end_remote_job(ref, end, now); });
    }
    ports::StoreResult<std::vector<ports::RemoteTarget>> list_remote_targets() override {
        return faults_.around("list_remote_targets", [&] { return store_.list_remote_targets(); });
    }
    ports::StoreResult<ports::RemoteJobPage> list_remote_jobs(std::int64_t after, int count_max) override {
        return faults_.around("list_remote_jobs", [&] { return store_.list_remote_jobs(after, count_max); });
    }
    ports::StoreResult<ports::Received> receive(const ports::InboxEntry& entry) override {
        return faults_.around("receive", [&] { return store_.receive(entry); });
    }
    ports::StoreResult<std::vector<ports::InboxEntry>> list_inbox(int count_max) override {
        return faults_.around("list_inbox", [&] { return store_.list_inbox(count_max); });
    }
    ports::StoreResult<void> settle_inbox(std::int64_t seq, const std::string& outcome) override {
        return faults_.around("settle_inbox", [&] { return store_.settle_inbox(seq, outcome); });
    }
    ports::StoreResult<void> forget_inbox(TimePoint received_before) override {
        return faults_.around("forget_inbox", [&] { return store_.forget_inbox(received_before); });
    }
    ports::StoreResult<std::int64_t> spent_today(TimePoint now) override {
        return faults_.around("spent_today", [&] { return store_.spent_today(now); });
    }
    ports::StoreResult<std::vector<ports::CostRow>> list_costs(const std::string& first_day,
                                                               const std::string& last_day) override {
        return faults_.around("list_costs", [&] { return store_.list_costs(first_day, last_day); });
    }

private:
    ports::RemoteJobStore& store_;
    StoreFaults& faults_;
};

}  // namespace darkroom::testing
