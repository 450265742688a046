// A store of remote jobs that nothing is asked of: a base for fakes that play one or two of the functions.
#pragma once
#include "ports/remote_job_store.h"

namespace darkroom::testing {

class UnusedRemoteJobStore : public ports::RemoteJobStore {
public:
    ports::StoreResult<std::optional<ports::RemoteJobRef>> open_remote_job(const AttemptId&,
                                                                           const ports::RemotePlan&,
                                                                           TimePoint) override {
        return refused();
    }
    ports::StoreResult<ports::Adoption> note_submitted(const ports::RemoteJobRef&, const std::string&,
                                                       TimePoint) override {
        return refused();
    }
    ports::StoreResult<void> note_unclear(const ports::RemoteJobRef&, TimePoint) override {
        return refused();
    }
    ports::StoreResult<ports::Adoption> adopt(const AttemptId&, const std::string&, TimePoint) override {
        return refused();
    }
    ports::StoreResult<ports::ClaimAnswer> claim_work(const AttemptId&, const std::string&,
                                                      const std::string&, TimePoint) override {
        return refused();
    }
    ports::StoreResult<std::optional<AttemptId>> find_attempt_of(const std::string&) override {
        return refused();
    }
    ports::StoreResult<std::vector<ports::RemoteJob>> list_due_remote_jobs(TimePoint, int) override {
        return refused();
    }
    ports::StoreResult<std::optional<TimePoint>> next_remote_look() override { return refused(); }
    ports::StoreResult<std::vector<ports::RemoteJob>> find_remote_jobs(const AttemptId&) override {
        return refused();
    }
    ports::StoreResult<void> note_look(const ports::RemoteJobRef&, const ports::RemoteNote&) override {
        return refused();
    }
    ports::StoreResult<bool> hurry(const AttemptId&, const std::string&, bool, TimePoint) override {
        return refused();
    }
    ports::StoreResult<void> end_remote_job(const ports::RemoteJobRef&, const ports::RemoteEnd&,
                                            TimePoint) override {
        return refused();
    }
    ports::StoreResult<std::vector<ports::RemoteTarget>> list_remote_targets() override { return refused(); }
    ports::StoreResult<ports::RemoteJobPage> list_remote_jobs(std::int64_t, int) override {
        return refused();
    }
    ports::StoreResult<ports::Received> receive(const ports::InboxEntry&) override { return refused(); }
    ports::StoreResult<std::vector<ports::InboxEntry>> list_inbox(int) override { return refused(); }
    ports::StoreResult<void> settle_inbox(std::int64_t, const std::string&) override { return refused(); }
    ports::StoreResult<void> forget_inbox(TimePoint) override { return refused(); }
    ports::StoreResult<std::int64_t> spent_today(TimePoint) override { return refused(); }
    ports::StoreResult<std::vector<ports::CostRow>> list_costs(const std::string&,
                                                               const std::string&) override {
        return refused();
    }

protected:
    static Failure<ports::StoreError> refused() {
        return Fail(ports::StoreError{ports::StoreErrorKind::unavailable, "the test has no such function"});
    }
};

}  // namespace darkroom::testing
