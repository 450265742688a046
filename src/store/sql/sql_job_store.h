// JobStore, RemoteJobStore and Nodes over a SQL database: hands each call to a writer, where calls that wait
// together share a transaction (group_writer.h), or to a connection that reads (reader_pool.h). What a call
// does stands in the files of rows and rules beside this one and is the same for every kind of database.
#pragma once
#include "ports/job_store.h"
#include "ports/meters.h"
#include "ports/nodes.h"
#include "ports/random.h"
#include "ports/remote_job_store.h"
#include "store/sql/group_writer.h"
#include "store/sql/reader_pool.h"

namespace darkroom::store {

class SqlJobStore : public ports::JobStore, public ports::RemoteJobStore, public ports::Nodes {
public:
    /// `random` gives the attempts their ids and outlives the store.
    explicit SqlJobStore(ports::Random& random) : random_(random) {}

    void set_listener(ports::StoreListener* listener) override;
    ports::StoreResult<void> ping() override;

    ports::StoreResult<void> put_api_key(const ports::ApiKey& key) override;
    ports::StoreResult<std::optional<ports::ApiKey>> find_api_key(const Sha256Bytes& digest) override;
    ports::StoreResult<std::vector<ports::ApiKey>> list_api_keys() override;
    ports::StoreResult<bool> revoke_api_key(const Sha256Bytes& digest, TimePoint now) override;

    ports::StoreResult<void> create_upload(const core::Upload& upload) override;
    ports::StoreResult<std::optional<core::Upload>> find_upload(const ports::Access& access,
                                                                const UploadId& id) override;
    ports::StoreResult<ports::UploadOutcome> complete_upload(const ports::Access& access, const UploadId& id,
                                                             const core::InputImage& image, TimePoint now,
                                                             TimePoint expires_at) override;
    ports::StoreResult<std::vector<ports::ExpiredUpload>> list_expired_uploads(TimePoint now,
                                                                               int count_max) override;
    ports::StoreResult<void> forget_uploads(const std::vector<UploadId>& ids) override;

    ports::StoreResult<std::optional<ports::EarlierRequest>> find_earlier_request(const UserId& user,
                                                                                  const std::string& key,
                                                                                  TimePoint now) override;
    ports::StoreResult<ports::CreateOutcome> create_job(const ports::NewJob& job) override;
    ports::StoreResult<std::optional<core::Job>> find_job(const ports::Access& access,
                                                          const JobId& id) override;
    ports::StoreResult<ports::JobPage> list_jobs(const ports::Access& access, const ports::JobFilter& filter,
                                                 std::int64_t before, int count_max) override;
    ports::StoreResult<ports::CancelOutcome> cancel_job(const ports::Access& access, const JobId& id,
                                                        const std::string& actor, TimePoint now) override;
    ports::StoreResult<ports::RequeueOutcome> requeue_job(const ports::Access& access, const JobId& id,
                                                          const std::string& actor, TimePoint now) override;
    ports::StoreResult<ports::RequeueOutcome> rerun_job(const ports::Access& access, const JobId& id,
                                                        const ports::WorkPlan& plan, const std::string& actor,
                                                        TimePoint now) override;
    ports::StoreResult<ports::SelectOutcome> select_attempt(const ports::Access& access, const JobId& id,
                                                            const AttemptId& attempt,
                                                            const std::string& actor, TimePoint now) override;
    ports::StoreResult<ports::AuditPage> list_audit(TimePoint since, std::int64_t after,
                                                    int count_max) override;
    ports::StoreResult<std::optional<std::vector<core::JobEvent>>> list_events(const ports::Access& access,
                                                                               const JobId& id,
                                                                               std::int64_t after,
                                                                               int count_max) override;

    ports::StoreResult<std::vector<ports::Claimed>> claim(const ports::ClaimRequest& request) override;
    ports::StoreResult<ports::Applied> start_attempt(const AttemptId& attempt, TimePoint now) override;
    ports::StoreResult<ports::Applied> finish_attempt(const AttemptId& attempt, const ports::AttemptEnd& end,
                                                      const std::string& actor, TimePoint now) override;
    ports::StoreResult<ports::Applied> give_back(const AttemptId& attempt, std::optional<TimePoint> retry_at,
                                                 const std::string& why, TimePoint now) override;
    ports::StoreResult<ports::Applied> succeed_late(const AttemptId& attempt,
                                                    const ports::AttemptSucceeded& end,
                                                    const std::string& actor, TimePoint now) override;
    ports::StoreResult<std::vector<ports::InflightAttempt>> list_inflight(
        const std::string& endpoint) override;
    ports::StoreResult<std::vector<ports::InflightAttempt>> take_over(int count_max) override;
    ports::StoreResult<void> put_share(const ports::UserShare& share) override;
    ports::StoreResult<std::vector<ports::UserShare>> list_shares() override;
    ports::StoreResult<ports::Promotion> promote_due(TimePoint now, int count_max) override;
    ports::StoreResult<ports::QueueCounts> count_queue() override;
    ports::StoreResult<std::vector<ports::UserStanding>> list_users(const std::string& after,
                                                                    int count_max) override;
    ports::StoreResult<ports::StoreGauges> read_gauges(TimePoint now, int users_max) override;
    ports::StoreResult<int> recount_flow() override;

    ports::StoreResult<ports::RetiredJobs> retire_jobs(ports::Retention what, TimePoint ended_before,
                                                       int jobs_max, TimePoint now) override;
    ports::StoreResult<void> settle_retired(ports::Retention what,
                                            const ports::RetirementMark& up_to) override;
    ports::StoreResult<std::vector<core::ObjectKey>> find_unnamed_objects(
        const std::vector<core::ObjectKey>& keys) override;
    ports::StoreResult<ports::NamedObjects> list_named_objects(std::int64_t after, int jobs_max) override;

    ports::StoreResult<std::optional<ports::RemoteJobRef>> open_remote_job(const AttemptId& attempt,
                                                                           const ports::RemotePlan& plan,
                                                                           TimePoint now) override;
    ports::StoreResult<ports::Adoption> note_submitted(const ports::RemoteJobRef& ref,
                                                       const std::string& remote_id,
                                                       TimePoint look_at) override;
    ports::StoreResult<void> note_unclear(const ports::RemoteJobRef& ref, TimePoint look_at) override;
    ports::StoreResult<ports::Adoption> adopt(const AttemptId& attempt, const std::string& remote_id,
                                              TimePoint now) override;
    ports::StoreResult<ports::ClaimAnswer> claim_work(const AttemptId& attempt, const std::string& remote_id,
                                                      const std::string& worker, TimePoint now) override;
    ports::StoreResult<std::optional<AttemptId>> find_attempt_of(const std::string& remote_id) override;

    ports::StoreResult<std::vector<ports::RemoteJob>> list_due_remote_jobs(TimePoint now,
                                                                           int count_max) override;
    ports::StoreResult<std::optional<TimePoint>> next_remote_look() override;
    ports::StoreResult<std::vector<ports::RemoteJob>> find_remote_jobs(const AttemptId& attempt) override;
    ports::StoreResult<void> note_look(const ports::RemoteJobRef& ref,
                                       const ports::RemoteNote& note) override;
    ports::StoreResult<bool> hurry(const AttemptId& attempt, const std::string& remote_id, bool tells_success,
                                   TimePoint now) override;
    ports::StoreResult<void> end_remote_job(const ports::RemoteJobRef& ref, const ports::RemoteEnd& end,
                                            TimePoint now) override;
    ports::StoreResult<std::vector<ports::RemoteTarget>> list_remote_targets() override;
    ports::StoreResult<ports::RemoteJobPage> list_remote_jobs(std::int64_t after, int count_max) override;

    ports::StoreResult<ports::Received> receive(const ports::InboxEntry& entry) override;
    ports::StoreResult<std::vector<ports::InboxEntry>> list_inbox(int count_max) override;
    ports::StoreResult<void> settle_inbox(std::int64_t seq, const std::string& outcome) override;
    ports::StoreResult<void> forget_inbox(TimePoint received_before) override;

    ports::StoreResult<std::int64_t> spent_today(TimePoint now) override;
    ports::StoreResult<std::vector<ports::CostRow>> list_costs(const std::string& first_day,
                                                               const std::string& last_day) override;

protected:
    virtual GroupWriter& writer() = 0;
    /// Who claims: claims of several processes wait for each other, and nothing else has to.
    virtual GroupWriter& claimer() { return writer(); }
    virtual ReaderPool& readers() = 0;
    /// In the transaction of what one node of all does. Throws if another one does it by now.
    virtual void demand_lead(Transaction& /*transaction*/) {}
    /// What only one kind of database has to tell.
    virtual void add_gauges(Database& /*db*/, ports::StoreGauges& /*gauges*/) {}

private:
    ports::Random& random_;
};

}  // namespace darkroom::store
