// The Collector's ends of attempts that were made elsewhere. This process need not have seen them begin, so
// each end is decided with what the store says now.
#include "base/log.h"
#include "dispatch/collector.h"
#include "dispatch/files_to_remove.h"

namespace darkroom::dispatch {
namespace {

using core::ErrorCode;
using core::Status;

const core::Attempt* find_attempt(const core::Job& job, const AttemptId& id) {
    for (const auto& attempt : job.attempts) {
        if (attempt.id == id) return &attempt;
    }
    return nullptr;
}

// What core/job_machine.h calls succeed or succeed_late. Asked before anything is put away for nothing.
bool may_succeed(const core::Job& job, const core::Attempt& attempt) {
    if (!core::is_terminal(attempt.status)) return job.attempts.back().id == attempt.id;
    return attempt.status == Status::failed && (job.status == Status::queued || job.status == Status::failed);
}

bool is_trouble_of_storage(ErrorCode code) {
    return code == ErrorCode::storage_unavailable || code == ErrorCode::storage_full ||
           code == ErrorCode::interrupted;
}

std::string actor_of(const core::Attempt& attempt) { return "backend:" + attempt.endpoint; }

void tell_not_recorded(const AttemptId& attempt, const ports::StoreError& error) {
    log::error("the end of an attempt was not recorded",
               {{"attempt", attempt.str()}, {"detail", error.detail}});
}

}  // namespace

Recorded Collector::succeed_remote(const JobId& job, const AttemptId& attempt, const ports::WorkDone& done,
                                   const std::string& via) {
    const FilesToRemove files(done);
    const auto now = store_.find_job(ports::Access::everyone(), job);
    if (!now) return Recorded::not_yet;
    const auto* known = *now ? find_attempt(**now, attempt) : nullptr;
    if (known == nullptr) return Recorded::stale;
    if (known->status == Status::succeeded) return Recorded::yes;
    if (!may_succeed(**now, *known)) return Recorded::stale;
    auto kept = keep(**now, attempt, done, Milliseconds(0));
    if (kept) {
        kept->completed_via = via;
        return offer_success(**now, *known, *kept);
    }
    if (is_trouble_of_storage(kept.error().code)) return Recorded::not_yet;
    return fail_remote(job, attempt, kept.error(), via);
}

Recorded Collector::offer_success(const core::Job& job, const core::Attempt& attempt,
                                  const ports::AttemptSucceeded& kept) {
    const bool late = attempt.status == Status::failed;
    const auto applied = late ? store_.succeed_late(attempt.id, kept, actor_of(attempt), clock_.now())
                              : store_.finish_attempt(attempt.id, kept, actor_of(attempt), clock_.now());
    if (!applied) {
        tell_not_recorded(attempt.id, applied.error());
        return Recorded::not_yet;
    }
    slot_freed_();
    if (*applied == ports::Applied::stale) {
        discard_unless_shown(job.id, attempt.id, kept);
        return Recorded::stale;
    }
    if (late)
        log::info("an attempt that was taken for failed has a result",
                  {{"job", job.id.str()}, {"attempt", attempt.id.str()}});
    return Recorded::yes;
}

Recorded Collector::fail_remote(const JobId& job, const AttemptId& attempt, core::JobError error,
                                const std::string& via) {
    const auto now = store_.find_job(ports::Access::everyone(), job);
    if (!now) return Recorded::not_yet;
    const auto* known = *now ? find_attempt(**now, attempt) : nullptr;
    if (known == nullptr) return Recorded::stale;
    // A cancelled one has ended too, but its slot waits for this.
    if (known->status == Status::succeeded || known->status == Status::failed) return Recorded::stale;
    const auto applied = store_.finish_attempt(attempt, failed(**now, attempt, std::move(error), via),
                                               actor_of(*known), clock_.now());
    if (!applied) {
        tell_not_recorded(attempt, applied.error());
        return Recorded::not_yet;
    }
    slot_freed_();
    return *applied == ports::Applied::stale ? Recorded::stale : Recorded::yes;
}

Recorded Collector::cancelled_remote(const JobId& job, const AttemptId& attempt, const std::string& via) {
    const std::string message(core::traits(ErrorCode::cancelled).message);
    return fail_remote(job, attempt, {ErrorCode::cancelled, message}, via);
}

}  // namespace darkroom::dispatch
