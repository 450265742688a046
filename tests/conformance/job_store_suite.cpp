#include "tests/conformance/job_store_suite.h"

#include "base/check.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {

using core::Status;

JobStoreSuite::Brought JobStoreSuite::bring_to(const UserId& owner, Status status) {
    Brought brought;
    auto request = samples_.job(owner);
    request.job.backend = "only-" + request.job.id.str();
    DR_CHECK(store().create_job(request).ok());
    if (status == Status::cancelled) {
        DR_CHECK(store().cancel_job(ports::Access::of(owner), request.job.id, "key:app", at(100)).ok());
    } else if (status != Status::queued) {
        auto claim = claim_request(1'000);
        claim.backend = request.job.backend;
        claim.remote = remote_plan();
        const auto claimed = store().claim(claim);
        DR_CHECK(claimed.ok() && claimed->size() == 1);
        brought.attempt = (*claimed)[0].job.attempts.back().id;
        if (status != Status::dispatched) DR_CHECK(store().start_attempt(*brought.attempt, at(1'200)).ok());
        std::optional<ports::AttemptEnd> end;
        if (status == Status::succeeded) end = samples_.success(request.job.id, *brought.attempt);
        if (status == Status::failed) end = failure(core::ErrorCode::no_subject);
        if (end)
            DR_CHECK(store().finish_attempt(*brought.attempt, *end, "backend:this-machine", at(1'300)).ok());
    }
    brought.job = read(request.job.id);
    DR_CHECK(brought.job.status == status);
    return brought;
}

JobStoreSuite::Brought JobStoreSuite::bring_to_its_retry(const UserId& owner) {
    auto brought = bring_to(owner, Status::running);
    DR_CHECK(store()
                 .finish_attempt(*brought.attempt, failure(core::ErrorCode::timeout, at(9'000)),
                                 "backend:this-machine", at(1'300))
                 .ok());
    brought.job = read(brought.job.id);
    DR_CHECK(brought.job.status == Status::queued);
    return brought;
}

}  // namespace darkroom::conformance
