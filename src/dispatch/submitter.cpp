#include "dispatch/submitter.h"

#include <algorithm>
#include <variant>

#include "base/log.h"
#include "core/attempt_token.h"
#include "dispatch/work_order.h"

namespace darkroom::dispatch {
namespace {

using ports::RefusalRule;
using ports::RemoteState;

constexpr const char* ended_refused = "refused";
constexpr const char* ended_not_sent = "not_sent";
// Of attempts that end without ever having been there, as in core::Attempt::completed_via.
constexpr const char* heard_at_submit = "submit";

// Between two tries to write down what the store could not take.
constexpr Milliseconds note_again_after{500};
// Before a job is claimed again whose endpoint was closed while it waited.
constexpr Milliseconds closed_pause{1'000};
constexpr const char* lease_over = "the lease of its node was over";

bool may_have_arrived(const ports::RemoteJob& row) {
    return row.ended_as != ended_refused && row.ended_as != ended_not_sent;
}

bool is_active(const RemoteSites& sites, const ports::RemoteBackend* site) {
    const auto& active = sites.active();
    return std::find(active.begin(), active.end(), site) != active.end();
}

}  // namespace

Submitter::Submitter(ports::JobStore& jobs, ports::RemoteJobStore& remote_jobs, const RemoteSites& sites,
                     Collector& collector, const ports::Clock& clock, SubmitterSettings settings,
                     SubmitterNews news)
    : jobs_(jobs),
      remote_jobs_(remote_jobs),
      sites_(sites),
      collector_(collector),
      clock_(clock),
      settings_(std::move(settings)),
      news_(std::move(news)),
      node_(settings_.nodes),
      pace_(settings_.pace),
      queue_(clock, sites.all().size() > 1) {}

ports::RemotePlan Submitter::plan_for(const ports::RemoteBackend& site) const {
    const auto now = clock_.now();
    return {.target = site.target(),
            .look_at = now + settings_.intended_look,
            .deadline = now + settings_.time_limit + settings_.queue_budget + settings_.spare};
}

void Submitter::add(core::Job claimed, ports::RemoteBackend& site, const NodeId& holder) {
    const ports::RemoteJobRef ref{claimed.attempts.back().id, 1};
    Errand errand{std::move(claimed), &site, ref, std::nullopt, holder};
    if (!queue_.add(errand)) take_back(errand, std::nullopt, "Darkroom stops", ended_not_sent);
}

Resubmit Submitter::submit_again(const core::Job& job, const ports::RemoteJob& unclear) {
    if (queue_.is_closed()) return Resubmit::not_now;
    auto* site = sites_.find(unclear.endpoint, unclear.target);
    if (site == nullptr || !is_active(sites_, site)) return Resubmit::exhausted;
    if (why_closed(*site)) return Resubmit::not_now;
    if (!queue_.reserve(unclear.ref.attempt)) return Resubmit::accepted;
    const auto outcome = open_again(job, unclear, *site);
    if (!outcome.in_hand) queue_.release(unclear.ref.attempt);
    return outcome.answer;
}

Submitter::Reopened Submitter::open_again(const core::Job& job, const ports::RemoteJob& unclear,
                                          ports::RemoteBackend& site) {
    const auto rows = remote_jobs_.find_remote_jobs(unclear.ref.attempt);
    if (!rows) return {Resubmit::not_now};
    int arrived = 0;
    for (const auto& row : *rows) {
        if (!may_have_arrived(row)) continue;
        // Another one is known to be there, or is on its way: what comes of it decides.
        if (row.state == RemoteState::submitted || row.ref.submission > unclear.ref.submission)
            return {Resubmit::accepted};
        ++arrived;
    }
    if (arrived >= settings_.submissions_max) return {Resubmit::exhausted};
    auto plan = plan_for(site);
    // The attempt's budget of waiting is that of its first submit; the work itself must still fit.
    const auto holder = node_.id();
    plan.deadline = std::max(unclear.deadline, clock_.now() + settings_.time_limit + settings_.spare);
    const auto opened = remote_jobs_.open_remote_job(unclear.ref.attempt, plan, clock_.now());
    if (!opened) return {Resubmit::not_now};
    if (!*opened) return {Resubmit::over};
    log::info(
        "a submit that nobody answered for is repeated",
        {{"job", job.id.str()}, {"attempt", unclear.ref.attempt.str()}, {"submit", (*opened)->submission}});
    Errand errand{job, &site, **opened, unclear.ref, holder};
    if (!queue_.add(errand)) {
        end_row(errand, ended_not_sent);
        return {Resubmit::not_now};
    }
    return {Resubmit::accepted, true};
}

void Submitter::run() {
    queue_.join();
    while (const auto errand = queue_.wait_for_next()) {
        carry_out(*errand);
        queue_.done(*errand);
    }
    queue_.part();
}

bool Submitter::send_next() {
    const auto errand = queue_.take_any();
    if (!errand) return false;
    carry_out(*errand);
    queue_.done(*errand);
    return true;
}

void Submitter::stop() {
    queue_.close();
    while (send_next()) {
    }
}

void Submitter::carry_out(const Errand& errand) {
    if (queue_.is_closed()) return take_back(errand, std::nullopt, "Darkroom stops", ended_not_sent);
    if (const auto why = why_closed(*errand.site))
        return take_back(errand, closed_pause, *why, ended_not_sent);
    TimePoint deadline;
    switch (standing_of(errand, deadline)) {
        case Standing::to_send:
            break;
        case Standing::needless:
            return end_row(errand, ended_not_sent);
        case Standing::unwanted:
            return take_back(errand, std::nullopt, "not wanted any more", ended_not_sent);
        case Standing::settled:
        case Standing::unknown:
            return;
    }
    send(errand, deadline);
}

// Asked twice: before the inputs are placed, which may be dear, and when the first byte is about to go out. A
// process that was stopped for a while anywhere before sends nothing that somebody else has taken over.
void Submitter::send(const Errand& errand, TimePoint deadline) {
    bool withheld = !node_.holds_as(errand.holder);
    auto order = order_of(errand, deadline);
    order.may_send = [&] { return !(withheld = !node_.holds_as(errand.holder)); };
    std::optional<ports::SubmitAnswer> answer;
    if (!withheld) answer = errand.site->submit(order);
    if (withheld) {
        log::warning("a job was not sent: " + std::string(lease_over),
                     {{"job", errand.job.id.str()}, {"endpoint", errand.site->endpoint().name}});
        return take_back(errand, std::nullopt, lease_over, ended_not_sent);
    }
    std::visit([&](const auto& told) { settle(errand, told); }, *answer);
    news_.look_changed();
}

Submitter::Standing Submitter::standing_of(const Errand& errand, TimePoint& deadline) {
    const auto rows = insist(errand, [&] { return remote_jobs_.find_remote_jobs(errand.ref.attempt); });
    if (!rows) return Standing::unknown;
    auto standing = Standing::settled;
    bool another_has_a_name = false;
    for (const auto& row : *rows) {
        if (row.ref != errand.ref) {
            another_has_a_name |= row.state == RemoteState::submitted;
        } else if (row.state == RemoteState::intended) {
            standing = row.unwanted ? Standing::unwanted : Standing::to_send;
            deadline = row.deadline;
        }
    }
    // While this one waited, the submit that it repeats was heard of.
    if (standing == Standing::to_send && another_has_a_name) return Standing::needless;
    return standing;
}

ports::RemoteOrder Submitter::order_of(const Errand& errand, TimePoint deadline) const {
    return {
        .work = work_order(errand.job, errand.ref.attempt, settings_.time_limit, settings_.limit_of_recipe),
        .token = core::attempt_token(errand.ref.attempt, settings_.signing_secret),
        .deadline = deadline};
}

void Submitter::settle(const Errand& errand, const ports::SubmitTaken& taken) {
    refusals_.forget(errand.job.id, errand.site->target());
    const auto adoption = insist(errand, [&] {
        return remote_jobs_.note_submitted(errand.ref, taken.remote_id, clock_.now() + settings_.first_look);
    });
    // Its row says intended: it is looked for as if the answer had been lost.
    if (!adoption) return;
    const auto tell = [&](const char* what) {
        log::error(what, {{"endpoint", errand.site->endpoint().name},
                          {"attempt", errand.ref.attempt.str()},
                          {"remote_id", taken.remote_id}});
    };
    if (*adoption == ports::Adoption::foreign) {
        tell("an endpoint gave the id of another attempt's remote job to a submit; the submit is looked for");
        stay_unclear(errand);
    } else if (*adoption == ports::Adoption::forgotten) {
        tell("a remote job was made for an attempt that is not there any more; it is cancelled");
        (void)errand.site->cancel({errand.job.id, errand.ref.attempt, taken.remote_id});
    }
}

void Submitter::settle(const Errand& errand, const ports::SubmitRefused& refused) {
    tell_refusal(errand, refused);
    if (refused.rule == RefusalRule::give_up) return give_up(errand, refused.error);
    // A pause closes the endpoint by its own trouble(); what it says of time holds for all that wait with
    // this one.
    if (refused.rule == RefusalRule::pause || refused.retry_after > Milliseconds(0))
        pace_.hold(errand.site->target(), refused.retry_after, clock_.monotonic());
    const auto pause = refusals_.pause_after(errand.job.id, pace_.within_rules(refused.retry_after));
    take_back(errand, pause, refused.why, ended_refused);
}

void Submitter::settle(const Errand& errand, const ports::SubmitUnclear& unclear) {
    log::warning("nobody knows whether a submit arrived; its remote job is looked for",
                 {{"endpoint", errand.site->endpoint().name},
                  {"attempt", errand.ref.attempt.str()},
                  {"detail", unclear.why}});
    stay_unclear(errand);
}

void Submitter::stay_unclear(const Errand& errand) {
    (void)insist(
        errand, [&] { return remote_jobs_.note_unclear(errand.ref, clock_.now() + settings_.adopt_window); });
}

void Submitter::take_back(const Errand& errand, std::optional<Milliseconds> retry_after,
                          const std::string& why, const std::string& ended_as) {
    if (errand.unclear) {
        // The older submit may still be there: the attempt goes on, and the follower decides again.
        end_row(errand, ended_as);
        const ports::RemoteNote again{
            .phase_seen = 0, .look_at = clock_.now() + retry_after.value_or(closed_pause), .waiting_for = ""};
        (void)insist(errand, [&] { return remote_jobs_.note_look(*errand.unclear, again); });
        return news_.look_changed();
    }
    const auto given = insist(errand, [&] {
        std::optional<TimePoint> retry_at;
        if (retry_after) retry_at = clock_.now() + *retry_after;
        return jobs_.give_back(errand.ref.attempt, retry_at, why, clock_.now());
    });
    if (given && *given == ports::Applied::stale) end_leftover(errand, ended_as);
    news_.slot_freed();
}

// The attempt was over, or somebody named a remote job of it after all. Only a row that nothing can come of
// is ended.
void Submitter::end_leftover(const Errand& errand, const std::string& ended_as) {
    const auto rows = insist(errand, [&] { return remote_jobs_.find_remote_jobs(errand.ref.attempt); });
    if (!rows) return;
    for (const auto& row : *rows) {
        if (row.ref == errand.ref && row.unwanted && row.state == RemoteState::intended)
            end_row(errand, ended_as);
    }
}

void Submitter::give_up(const Errand& errand, const core::JobError& error) {
    const auto end = [&] {
        return collector_.fail_remote(errand.job.id, errand.ref.attempt, error, heard_at_submit);
    };
    if (is_recorded(end)) end_row(errand, ended_refused);
}

// An attempt whose end was not recorded must keep a row that somebody looks after.
bool Submitter::is_recorded(const std::function<Recorded()>& end) {
    const auto wake_up = clock_.make_wake_up();
    while (end() == Recorded::not_yet) {
        if (queue_.is_closed()) return false;
        wake_up->wait_until(clock_.monotonic() + note_again_after);
    }
    return true;
}

void Submitter::end_row(const Errand& errand, const std::string& ended_as) {
    ports::RemoteEnd end;
    end.ended_as = ended_as;
    (void)insist(errand, [&] { return remote_jobs_.end_remote_job(errand.ref, end, clock_.now()); });
}

std::optional<std::string> Submitter::why_closed(const ports::RemoteBackend& site) const {
    if (auto trouble = site.trouble()) return trouble;
    if (pace_.is_held(site.target(), clock_.monotonic())) return "the endpoint asked for a pause";
    return std::nullopt;
}

void Submitter::tell_refusal(const Errand& errand, const ports::SubmitRefused& refused) {
    // One that is given up is that job's own trouble, and told with it.
    if (refused.rule == RefusalRule::give_up) return;
    if (!refusals_.is_news(errand.site->target(), refused.rule)) return;
    const log::Fields fields{{"endpoint", errand.site->endpoint().name}, {"detail", refused.why}};
    if (refused.rule == RefusalRule::pause) {
        log::error("an endpoint refuses everything until an operator acts; its jobs wait", fields);
    } else {
        log::warning("an endpoint takes nothing for now; its jobs wait", fields);
    }
}

template <class Step>
auto Submitter::insist(const Errand& errand, const Step& step) -> decltype(step()) {
    const auto wake_up = clock_.make_wake_up();
    for (bool told = false;; told = true) {
        auto done = step();
        if (done) return done;
        if (!told)
            log::error("what became of a submit was not written down",
                       {{"attempt", errand.ref.attempt.str()}, {"detail", done.error().detail}});
        if (done.error().kind == ports::StoreErrorKind::broken || queue_.is_closed()) return done;
        wake_up->wait_until(clock_.monotonic() + note_again_after);
    }
}

}  // namespace darkroom::dispatch
