// The uploads of a job store, in memory; of jobs and keys it knows nothing.
#pragma once
#include <mutex>
#include <unordered_map>

#include "ports/job_store.h"
#include "ports/meters.h"

namespace darkroom::testing {

class UploadMemory : public ports::JobStore {
public:
    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return uploads_.size();
    }
    /// From now on every call fails so.
    void break_with(ports::StoreErrorKind kind) {
        const std::lock_guard lock(mutex_);
        broken_ = kind;
    }

    ports::StoreResult<void> create_upload(const core::Upload& upload) override {
        const std::lock_guard lock(mutex_);
        if (broken_) return Fail(ports::StoreError{*broken_, "broken by the test"});
        uploads_[upload.id] = upload;
        return {};
    }
    ports::StoreResult<std::optional<core::Upload>> find_upload(const ports::Access& access,
                                                                const UploadId& id) override {
        const std::lock_guard lock(mutex_);
        if (broken_) return Fail(ports::StoreError{*broken_, "broken by the test"});
        const auto found = uploads_.find(id);
        if (found == uploads_.end() || !access.allows(found->second.user))
            return std::optional<core::Upload>();
        return std::optional(found->second);
    }
    ports::StoreResult<ports::UploadOutcome> complete_upload(const ports::Access& access, const UploadId& id,
                                                             const core::InputImage& image, TimePoint now,
                                                             TimePoint expires_at) override {
        using ports::UploadOutcome;
        const std::lock_guard lock(mutex_);
        if (broken_) return Fail(ports::StoreError{*broken_, "broken by the test"});
        const auto found = uploads_.find(id);
        if (found == uploads_.end() || !access.allows(found->second.user)) return UploadOutcome::not_found;
        auto& upload = found->second;
        if (upload.ready) return UploadOutcome::already_complete;
        if (upload.expires_at <= now) return UploadOutcome::expired;
        upload.ready = true;
        upload.image = image;
        upload.expires_at = expires_at;
        return UploadOutcome::completed;
    }

    void set_listener(ports::StoreListener*) override {}
    ports::StoreResult<void> ping() override { return unused(); }
    ports::StoreResult<void> put_api_key(const ports::ApiKey&) override { return unused(); }
    ports::StoreResult<std::optional<ports::ApiKey>> find_api_key(const Sha256Bytes&) override {
        return unused();
    }
    ports::StoreResult<std::vector<ports::ApiKey>> list_api_keys() override { return unused(); }
    ports::StoreResult<bool> revoke_api_key(const Sha256Bytes&, TimePoint) override { return unused(); }
    ports::StoreResult<std::vector<ports::ExpiredUpload>> list_expired_uploads(TimePoint, int) override {
        return unused();
    }
    ports::StoreResult<void> forget_uploads(const std::vector<UploadId>&) override { return unused(); }
    ports::StoreResult<std::optional<ports::EarlierRequest>> find_earlier_request(const UserId&,
                                                                                  const std::string&,
                                                                                  TimePoint) override {
        return unused();
    }
    ports::StoreResult<ports::CreateOutcome> create_job(const ports::NewJob&) override { return unused(); }
    ports::StoreResult<std::optional<core::Job>> find_job(const ports::Access&, const JobId&) override {
        return unused();
    }
    ports::StoreResult<ports::JobPage> list_jobs(const ports::Access&, const ports::JobFilter&, std::int64_t,
                                                 int) override {
        return unused();
    }
    ports::StoreResult<ports::CancelOutcome> cancel_job(const ports::Access&, const JobId&,
                                                        const std::string&, TimePoint) override {
        return unused();
    }
    ports::StoreResult<ports::RequeueOutcome> requeue_job(const ports::Access&, const JobId&,
                                                          const std::string&, TimePoint) override {
        return unused();
    }
    ports::StoreResult<ports::RequeueOutcome> rerun_job(const ports::Access&, const JobId&,
                                                        const ports::WorkPlan&, const std::string&,
                                                        TimePoint) override {
        return unused();
    }
    ports::StoreResult<ports::SelectOutcome> select_attempt(const ports::Access&, const JobId&,
                                                            const AttemptId&, const std::string&,
                                                            TimePoint) override {
        return unused();
    }
    ports::StoreResult<ports::AuditPage> list_audit(TimePoint, std::int64_t, int) override {
        return unused();
    }
    ports::StoreResult<std::optional<std::vector<core::JobEvent>>> list_events(const ports::Access&,
                                                                               const JobId&, std::int64_t,
                                                                               int) override {
        return unused();
    }
    ports::StoreResult<std::vector<ports::Claimed>> claim(const ports::ClaimRequest&) override {
        return unused();
    }
    ports::StoreResult<ports::Applied> start_attempt(const AttemptId&, TimePoint) override {
        return unused();
    }
    ports::StoreResult<ports::Applied> finish_attempt(const AttemptId&, const ports::AttemptEnd&,
                                                      const std::string&, TimePoint) override {
        return unused();
    }
    ports::StoreResult<ports::Applied> give_back(const AttemptId&, std::optional<TimePoint>,
                                                 const std::string&, TimePoint) override {
        return unused();
    }
    ports::StoreResult<ports::Applied> succeed_late(const AttemptId&, const ports::AttemptSucceeded&,
                                                    const std::string&, TimePoint) override {
        return unused();
    }
    ports::StoreResult<std::vector<ports::InflightAttempt>> list_inflight(const std::string&) override {
        return unused();
    }
    ports::StoreResult<std::vector<ports::InflightAttempt>> take_over(int) override { return unused(); }
    ports::StoreResult<void> put_share(const ports::UserShare&) override { return unused(); }
    ports::StoreResult<std::vector<ports::UserShare>> list_shares() override { return unused(); }
    ports::StoreResult<ports::Promotion> promote_due(TimePoint, int) override { return unused(); }
    ports::StoreResult<std::vector<ports::UserStanding>> list_users(const std::string&, int) override {
        return unused();
    }
    ports::StoreResult<ports::StoreGauges> read_gauges(TimePoint, int) override { return unused(); }
    ports::StoreResult<int> recount_flow() override { return unused(); }
    ports::StoreResult<ports::QueueCounts> count_queue() override { return unused(); }
    ports::StoreResult<ports::RetiredJobs> retire_jobs(ports::Retention, TimePoint, int, TimePoint) override {
        return unused();
    }
    ports::StoreResult<void> settle_retired(ports::Retention, const ports::RetirementMark&) override {
        return unused();
    }
    ports::StoreResult<std::vector<core::ObjectKey>> find_unnamed_objects(
        const std::vector<core::ObjectKey>&) override {
        return unused();
    }
    ports::StoreResult<ports::NamedObjects> list_named_objects(std::int64_t, int) override {
        return unused();
    }

private:
    static Failure<ports::StoreError> unused() {
        return Fail(ports::StoreError{ports::StoreErrorKind::broken, "the test has no such function"});
    }

    mutable std::mutex mutex_;
    std::unordered_map<UploadId, core::Upload> uploads_;
    std::optional<ports::StoreErrorKind> broken_;
};

}  // namespace darkroom::testing
