#include "dispatch/remote_ends.h"

#include <algorithm>

#include "base/log.h"

namespace darkroom::dispatch {
namespace {

using core::Status;
using ports::RemotePhase;
using ports::RemoteState;

// What was told of the whole job stays true; that something cannot be found (yet) is not kept.
int furthest(const ports::RemoteJob& row, RemotePhase phase) {
    if (phase == RemotePhase::gone) return row.phase_seen;
    return std::max(row.phase_seen, static_cast<int>(phase));
}

bool is_named_meanwhile(const ports::RemoteJob& before, const ports::RemoteJob& now) {
    return before.remote_id.empty() && !now.remote_id.empty();
}

bool is_message(const std::string& via) { return via == "webhook" || via == "callback"; }

template <class T>
bool took(const ports::StoreResult<T>& result) {
    if (result) return true;
    log::error("what became of a remote job was not written down", {{"detail", result.error().detail}});
    return false;
}

}  // namespace

const core::Attempt* RemoteCase::attempt() const {
    for (const auto& attempt : job.attempts) {
        if (attempt.id == row.ref.attempt) return &attempt;
    }
    return nullptr;
}

std::string ended_as(RemotePhase phase) {
    switch (phase) {
        case RemotePhase::succeeded:
            return "succeeded";
        case RemotePhase::cancelled:
            return "cancelled";
        case RemotePhase::duplicate:
            return "duplicate";
        case RemotePhase::failed:
            return "failed";
        default:
            return "gone";
    }
}

RemoteEnds::RemoteEnds(ports::JobStore& jobs, ports::RemoteJobStore& remote_jobs, Collector& collector,
                       RemoteOutputs& outputs, const ports::Clock& clock, ports::Random& random,
                       FollowTimes times, ports::Meters& meters)
    : jobs_(jobs),
      remote_jobs_(remote_jobs),
      collector_(collector),
      outputs_(outputs),
      clock_(clock),
      random_(random),
      times_(times),
      meters_(meters) {}

Milliseconds RemoteEnds::within_patience(const RemoteCase& at, Milliseconds pause) const {
    return at.site.is_polled() ? std::min(pause, times_.polled_pause_max) : pause;
}

Step RemoteEnds::look_again(const RemoteCase& at, const ports::RemoteLook& look) {
    // A webhook may be ahead of the status by a moment.
    const int looks = at.via == "webhook" ? 0 : at.row.looks;
    return look_again_at(at, now() + within_patience(at, pause_before_look(times_, looks, random_.number())),
                         furthest(at.row, look.phase), look.waiting_for);
}

Step RemoteEnds::look_again_at(const RemoteCase& at, TimePoint when, int phase_seen,
                               const std::string& waiting_for) {
    const ports::RemoteNote note{.phase_seen = phase_seen, .look_at = when, .waiting_for = waiting_for};
    if (!took(remote_jobs_.note_look(at.row.ref, note))) return Step::store_failed;
    // It may have been cancelled while we looked, or the answer of its submit may have named it.
    look_now_if(at, phase_seen, [&](const ports::RemoteJob& row) {
        return is_named_meanwhile(at.row, row) || (row.unwanted && !at.row.unwanted);
    });
    return Step::goes_on;
}

// It is due now then, whatever we have just written.
template <class Changed>
void RemoteEnds::look_now_if(const RemoteCase& at, int phase_seen, const Changed& changed) {
    if (at.row.unwanted && !at.row.remote_id.empty()) return;  // nothing of it changes any more
    const auto rows = remote_jobs_.find_remote_jobs(at.row.ref.attempt);
    if (!rows) return;
    for (const auto& row : *rows) {
        if (row.ref != at.row.ref || row.state == RemoteState::ended || !changed(row)) continue;
        (void)took(remote_jobs_.note_look(row.ref, {phase_seen, now(), ""}));
    }
}

Step RemoteEnds::trouble(const RemoteCase& at, const ports::RemoteTrouble& trouble, int phase_seen) {
    // Not more: in an outage this is said of every job, and the endpoint's own trouble is told of once.
    log::debug("a remote job could not be followed; it will be tried again",
               {{"endpoint", at.row.endpoint}, {"remote_id", at.row.remote_id}, {"detail", trouble.detail}});
    const auto pause = trouble.kind == ports::RemoteTroubleKind::paused
                           ? times_.operator_pause
                           : within_patience(at, pause_after_trouble(times_, at.row.looks,
                                                                     trouble.retry_after, random_.number()));
    const auto* attempt = at.attempt();
    return look_again_at(at, now() + pause, phase_seen, attempt != nullptr ? attempt->waiting_for : "");
}

void RemoteEnds::started(const RemoteCase& at) { collector_.attempt_started(at.row.ref.attempt); }

Step RemoteEnds::collect(const RemoteCase& at, const ports::RemoteResult& result,
                         const ports::RemoteLook& look, const std::optional<core::JobError>& otherwise) {
    const auto* attempt = at.attempt();
    const bool still_counts =
        attempt != nullptr && attempt->status != Status::succeeded && attempt->status != Status::cancelled;
    if (!still_counts) {
        if (is_message(at.via)) meters_.completion(at.row.endpoint, at.via, ports::Verdict::duplicate);
        return end_after(at, look);
    }
    auto done = outputs_.fetch(at.site, result, region_kept(at.job, *attempt));
    if (!done) {
        if (!done.error().later) return fail(at, otherwise.value_or(done.error().error), look);
        return trouble(at, {ports::RemoteTroubleKind::later, done.error().error.message, Milliseconds(0)},
                       furthest(at.row, look.phase));
    }
    if (done->execution == Milliseconds(0)) done->execution = look.execution.value_or(done->execution);
    const auto recorded = collector_.succeed_remote(at.row.job, at.row.ref.attempt, *done, at.via);
    if (recorded == Recorded::not_yet)
        return trouble(at, {ports::RemoteTroubleKind::later, "the result was not taken", Milliseconds(0)},
                       furthest(at.row, look.phase));
    tell_completion(at, recorded);
    return end_after(at, look);
}

// The attempt as it was before: one that had failed has a result after all.
void RemoteEnds::tell_completion(const RemoteCase& at, Recorded recorded) {
    const bool is_applied = recorded == Recorded::yes;
    meters_.completion(at.row.endpoint, at.via, is_applied ? ports::Verdict::applied : ports::Verdict::stale);
    if (!is_applied) return;
    const auto* attempt = at.attempt();
    if (attempt != nullptr && attempt->status == Status::failed) meters_.recovered(at.row.endpoint, "late");
    if (at.via == "storage" || (at.via == "poll" && !at.site.is_polled()))
        meters_.recovered(at.row.endpoint, at.via);
}

Step RemoteEnds::search(const RemoteCase& at, const ports::RemoteLook& look,
                        const std::optional<core::JobError>& otherwise) {
    const auto found = at.site.find_outputs(at.row.job, at.row.ref.attempt);
    if (!found) return trouble(at, found.error(), furthest(at.row, look.phase));
    if (*found) {
        auto in_storage = at;
        in_storage.via = "storage";
        return collect(in_storage, **found, look, otherwise);
    }
    if (otherwise) return fail(at, *otherwise, look);
    return fail(at, core::ErrorCode::output_missing, look);
}

Step RemoteEnds::fail(const RemoteCase& at, const core::JobError& error, const ports::RemoteLook& look) {
    const auto recorded = collector_.fail_remote(at.row.job, at.row.ref.attempt, error, at.via);
    if (recorded == Recorded::not_yet) return Step::store_failed;
    tell_completion(at, recorded);
    return end_after(at, look);
}

Step RemoteEnds::fail(const RemoteCase& at, core::ErrorCode code, const ports::RemoteLook& look) {
    return fail(at, core::JobError{code, std::string(core::traits(code).message)}, look);
}

// Two kinds stay open although their attempt is over. One that has no name may still be named by a late
// webhook. And a worker's report says nothing of what the endpoint will charge: the remote job is looked at
// once more for that, and for it alone.
Step RemoteEnds::end_after(const RemoteCase& at, const ports::RemoteLook& look) {
    const bool nameless = at.row.remote_id.empty();
    const bool figures_follow = at.via == "callback" && !look.execution && !at.row.execution;
    const bool stays_open = (nameless && now() < at.row.deadline) || figures_follow;
    if (!stays_open || at.row.state == RemoteState::ended)
        return end(at, nameless ? "never_seen" : ended_as(look.phase), look);
    if (!free_cancelled_slot(at)) return Step::store_failed;
    if (!clear_if_over(at)) return Step::store_failed;
    const ports::RemoteNote note{furthest(at.row, look.phase),
                                 nameless ? at.row.deadline : now() + times_.first_look, ""};
    if (!took(remote_jobs_.note_look(at.row.ref, note))) return Step::store_failed;
    // Also one whose attempt is over is to be cancelled once it has a name.
    look_now_if(at, note.phase_seen,
                [&](const ports::RemoteJob& row) { return is_named_meanwhile(at.row, row); });
    return Step::ended;
}

Step RemoteEnds::end(const RemoteCase& at, const std::string& ended_as, const ports::RemoteLook& look) {
    // First, because nothing leads to the slot any more once the remote job has ended.
    if (!free_cancelled_slot(at)) return Step::store_failed;
    const ports::RemoteEnd end{
        .ended_as = ended_as,
        .delay = look.delay ? look.delay : at.row.delay,
        .execution = look.execution ? look.execution : at.row.execution,
        .cost_micro_usd = look.execution ? look.cost_micro_usd : at.row.cost_micro_usd,
        .gpu = look.gpu,
    };
    if (!clear_if_over(at)) return Step::store_failed;
    if (!took(remote_jobs_.end_remote_job(at.row.ref, end, now()))) return Step::store_failed;
    // An end that is told again, with other figures, counts by the difference.
    meters_.work_paid(at.row.endpoint,
                      end.execution.value_or(Milliseconds(0)) - at.row.execution.value_or(Milliseconds(0)),
                      end.cost_micro_usd - at.row.cost_micro_usd);
    return Step::ended;
}

std::optional<std::vector<ports::RemoteJob>> RemoteEnds::others(const RemoteCase& at) {
    auto rows = remote_jobs_.find_remote_jobs(at.row.ref.attempt);
    if (!took(rows)) return std::nullopt;
    rows->erase(std::remove_if(rows->begin(), rows->end(),
                               [&](const ports::RemoteJob& row) {
                                   return row.ref == at.row.ref || row.state == RemoteState::ended;
                               }),
                rows->end());
    return *std::move(rows);
}

bool RemoteEnds::free_cancelled_slot(const RemoteCase& at) {
    const auto job = jobs_.find_job(ports::Access::everyone(), at.row.job);
    if (!took(job)) return false;
    if (!*job) return true;
    const RemoteCase fresh{at.row, **job, at.site, at.via};
    const auto* attempt = fresh.attempt();
    if (attempt == nullptr || attempt->status != Status::cancelled) return true;
    const auto open = others(at);
    if (!open) return false;
    for (const auto& other : *open) {
        const bool may_get_a_name = other.remote_id.empty() && now() < other.created_at + times_.adopt_window;
        const bool is_there = !other.remote_id.empty() && !other.hearsay;
        if (is_there || may_get_a_name) return true;  // the slot goes with that one
    }
    return collector_.cancelled_remote(at.row.job, at.row.ref.attempt, at.via) != Recorded::not_yet;
}

// While the job waits for its next attempt, the copy of its input is that one's: upkeep removes what then
// stays.
bool RemoteEnds::clear_if_over(const RemoteCase& at) {
    const auto job = jobs_.find_job(ports::Access::everyone(), at.row.job);
    if (!took(job)) return false;
    if (!*job || core::is_terminal((*job)->status)) at.site.clear(at.row.job, at.row.ref.attempt);
    return true;
}

}  // namespace darkroom::dispatch
