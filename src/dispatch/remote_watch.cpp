#include "dispatch/remote_watch.h"

#include <algorithm>

namespace darkroom::dispatch {
namespace {

using core::ErrorCode;
using core::Status;
using ports::RemoteLook;
using ports::RemotePhase;
using ports::RemoteTrouble;
using ports::RemoteTroubleKind;

core::JobError cancelled_by_others() {
    return {ErrorCode::backend_unavailable, "The endpoint cancelled the work although nobody asked for it."};
}

// Where remote jobs are that no configuration of this process knows. An operator may still mend it, until
// their deadline.
class Nowhere final : public ports::RemoteBackend {
public:
    const ports::EndpointInfo& endpoint() const override { return endpoint_; }
    const std::string& target() const override { return target_; }
    ports::SubmitAnswer submit(const ports::RemoteOrder&) override {
        return ports::SubmitRefused{ports::RefusalRule::pause, plain_error(ErrorCode::backend_unavailable),
                                    text_, Milliseconds(0)};
    }
    Result<RemoteLook, RemoteTrouble> look(const ports::RemoteTask&) override { return unknown(); }
    Result<RemoteLook, RemoteTrouble> cancel(const ports::RemoteTask&) override { return unknown(); }
    Result<RemoteLook, RemoteTrouble> read_report(const ports::RemoteTask&, std::string_view) const override {
        return unknown();
    }
    Result<std::optional<ports::RemoteResult>, RemoteTrouble> find_outputs(const JobId&,
                                                                           const AttemptId&) override {
        return std::optional<ports::RemoteResult>();
    }
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open_output(const ports::RemoteFile&) override {
        return Fail(ports::ObjectError{ports::ObjectErrorKind::missing, text_});
    }
    void clear(const JobId&, const AttemptId&) override {}
    std::optional<std::string> trouble() const override { return text_; }
    void stop() override {}

private:
    Failure<RemoteTrouble> unknown() const {
        return Fail(RemoteTrouble{RemoteTroubleKind::paused, text_, Milliseconds(0)});
    }
    const ports::EndpointInfo endpoint_{};
    const std::string target_;
    const std::string text_ = "no endpoint is configured for it any more";
};

Nowhere& nowhere() {
    static Nowhere site;
    return site;
}

bool is_over(const RemoteCase& at) {
    const auto* attempt = at.attempt();
    return at.row.unwanted || attempt == nullptr || core::is_terminal(attempt->status);
}

bool has_failed(const RemoteCase& at) {
    const auto* attempt = at.attempt();
    return attempt != nullptr && attempt->status == Status::failed;
}

bool is_young(const RemoteCase& at, const RemoteEnds& ends) {
    return !at.site.is_polled() && ends.now() < at.row.created_at + ends.times().not_visible_yet;
}

Milliseconds runs_for(const RemoteCase& at, const RemoteEnds& ends) {
    const auto* attempt = at.attempt();
    if (attempt == nullptr || !attempt->started_at) return Milliseconds(0);
    return std::chrono::duration_cast<Milliseconds>(ends.now() - *attempt->started_at);
}

bool goes_on_elsewhere(const std::vector<ports::RemoteJob>& others, int submission) {
    return std::any_of(others.begin(), others.end(), [&](const ports::RemoteJob& other) {
        if (other.remote_id.empty()) return other.ref.submission > submission;
        return other.claimed || !other.unwanted;
    });
}

RemoteLook look_of(RemotePhase phase) {
    RemoteLook look;
    look.phase = phase;
    return look;
}

}  // namespace

Followed RemoteWatch::follow(const ports::RemoteJob& row, const std::string& via) {
    const auto found = jobs_.find_job(ports::Access::everyone(), row.job);
    if (!found) return {Step::store_failed, std::nullopt};
    const auto job = found->value_or(core::Job{});
    auto* site = sites_.find(row.endpoint, row.target);
    const RemoteCase at{row, job, site != nullptr ? *site : nowhere(), via};
    if (row.remote_id.empty()) return {follow_nameless(at), std::nullopt};
    if (row.unwanted || !*found) return follow_unwanted(at);
    return ends_.now() >= row.deadline ? past_deadline(at) : follow_wanted(at);
}

Result<Step, RemoteTrouble> RemoteWatch::take_report(const ports::RemoteJob& row, std::string_view body) {
    const auto found = jobs_.find_job(ports::Access::everyone(), row.job);
    if (!found) return Step::store_failed;
    const auto job = found->value_or(core::Job{});
    auto* site = sites_.find(row.endpoint, row.target);
    const RemoteCase at{row, job, site != nullptr ? *site : nowhere(), "callback"};
    auto report = at.site.read_report(at.task(), body);
    if (!report) return Fail(report.error());
    // Of one that nobody waits for, only a success could still matter.
    if (is_over(at) && report->phase != RemotePhase::succeeded)
        return ends_.look_again_at(at, ends_.now(), row.phase_seen, "");
    return act(at, *std::move(report));
}

Followed RemoteWatch::follow_wanted(const RemoteCase& at) {
    auto look = at.site.look(at.task());
    if (look) return {act(at, *look), look->phase};
    if (look.error().kind != RemoteTroubleKind::refused)
        return {ends_.trouble(at, look.error(), at.row.phase_seen), std::nullopt};
    // It has an answer that cannot be read, and will have no other one: perhaps the result speaks for itself.
    const auto found = at.site.find_outputs(at.row.job, at.row.ref.attempt);
    if (!found || !*found) return {ends_.trouble(at, look.error(), at.row.phase_seen), std::nullopt};
    auto in_storage = at;
    in_storage.via = "storage";
    return {ends_.collect(in_storage, **found, look_of(RemotePhase::succeeded)), std::nullopt};
}

Step RemoteWatch::act(const RemoteCase& at, RemoteLook look) {
    const auto seen = static_cast<RemotePhase>(at.row.phase_seen);
    if (look.phase < seen) {
        // An answer from the past, or a status that a late progress report has put back.
        if (!ports::is_end(seen)) return ends_.look_again(at, look);
        look = look_of(seen);
    }
    switch (look.phase) {
        case RemotePhase::unknown:
        case RemotePhase::queued:
            return ends_.look_again(at, look);
        case RemotePhase::running:
            if (seen < RemotePhase::running && !at.row.claimed) ends_.started(at);
            return runs_for(at, ends_) > ends_.times().work_limit ? overdue(at, look)
                                                                  : ends_.look_again(at, look);
        case RemotePhase::failed:
            return failed(at, look);
        case RemotePhase::cancelled:
            return ends_.fail(at, cancelled_by_others(), look);
        case RemotePhase::duplicate:
            return duplicate(at, look);
        case RemotePhase::succeeded:
            if (look.result) return ends_.collect(at, *look.result, look);
            return look.error ? ends_.fail(at, *look.error, look) : ends_.search(at, look, std::nullopt);
        case RemotePhase::gone:
            return gone(at, look);
    }
    return ends_.look_again(at, look);
}

// Its worker has a limit, and so has the endpoint: what runs beyond both has ended, and its status hangs
// back, as where a late progress report has overwritten the end. One more dispatch after a worker's death is
// allowed its time.
Step RemoteWatch::overdue(const RemoteCase& at, const RemoteLook& look) {
    const auto found = at.site.find_outputs(at.row.job, at.row.ref.attempt);
    if (!found) return ends_.trouble(at, found.error(), at.row.phase_seen);
    if (*found) {
        auto in_storage = at;
        in_storage.via = "storage";
        return ends_.collect(in_storage, **found, look_of(RemotePhase::succeeded));
    }
    if (runs_for(at, ends_) <= 2 * ends_.times().work_limit) return ends_.look_again(at, look);
    return past_deadline(at).step;
}

// A worker may have finished and only its report been lost. Not one that says that the input is to blame.
Step RemoteWatch::failed(const RemoteCase& at, const RemoteLook& look) {
    const auto error = look.error.value_or(plain_error(ErrorCode::remote_result_lost));
    const bool work_may_be_done = core::traits(error.code).retry != core::RetryRule::never;
    return work_may_be_done ? ends_.search(at, look, error) : ends_.fail(at, error, look);
}

Step RemoteWatch::duplicate(const RemoteCase& at, const RemoteLook& look) {
    const auto others = ends_.others(at);
    if (!others) return Step::store_failed;
    if (goes_on_elsewhere(*others, at.row.ref.submission)) return ends_.end(at, "duplicate", look);
    return ends_.search(at, look, plain_error(ErrorCode::remote_result_lost));
}

Step RemoteWatch::gone(const RemoteCase& at, const RemoteLook& look) {
    if (is_young(at, ends_)) return ends_.look_again(at, look);
    return ends_.search(at, look, plain_error(ErrorCode::remote_result_lost));
}

Followed RemoteWatch::past_deadline(const RemoteCase& at) {
    const auto look = at.row.hearsay ? at.site.look(at.task()) : at.site.cancel(at.task());
    const bool is_end = look && ports::is_end(look->phase);
    const auto last = is_end ? *look : look_of(RemotePhase::gone);
    const auto phase = look ? std::optional(look->phase) : std::nullopt;
    if (last.phase == RemotePhase::succeeded) return {act(at, last), phase};
    return {ends_.search(at, last, plain_error(ErrorCode::timeout)), phase};
}

// Cancelling is asked for again and again, in growing pauses, until it is an end. What is hearsay may be
// anybody's: it is looked at only, and keeps nobody's slot.
Followed RemoteWatch::follow_unwanted(const RemoteCase& at) {
    const bool is_past = ends_.now() >= at.row.deadline;
    const auto look = ask_for_end(at);
    if (!look && is_past) return {ends_.end(at, "gone", RemoteLook{}), std::nullopt};
    if (!look) return {ends_.trouble(at, look.error(), at.row.phase_seen), std::nullopt};
    const bool not_visible_yet = look->phase == RemotePhase::gone && is_young(at, ends_);
    if (ports::is_end(look->phase) && !not_visible_yet) return {unwanted_end(at, *look), look->phase};
    if (is_past) return {ends_.end(at, "gone", *look), look->phase};
    if (at.row.hearsay && !ends_.free_cancelled_slot(at)) return {Step::store_failed, look->phase};
    return {ends_.look_again(at, *look), look->phase};
}

Result<RemoteLook, RemoteTrouble> RemoteWatch::ask_for_end(const RemoteCase& at) {
    // Its worker has reported the end and may be about to tell the endpoint: only the figures are missing.
    const bool has_reported = ports::is_end(static_cast<RemotePhase>(at.row.phase_seen));
    const bool only_look = has_reported || at.row.hearsay;
    if (only_look || has_failed(at)) {
        auto look = at.site.look(at.task());
        if (only_look || !look || ports::is_end(look->phase)) return look;
    }
    return at.site.cancel(at.task());
}

Step RemoteWatch::unwanted_end(const RemoteCase& at, const RemoteLook& look) {
    if (has_failed(at) && look.phase == RemotePhase::succeeded)
        return look.result ? ends_.collect(at, *look.result, look) : ends_.search(at, look, std::nullopt);
    const auto seen = static_cast<RemotePhase>(at.row.phase_seen);
    const bool is_known = look.phase == RemotePhase::gone || look.phase < seen;
    return ends_.end(at, ended_as(is_known && ports::is_end(seen) ? seen : look.phase), look);
}

Step RemoteWatch::follow_nameless(const RemoteCase& at) {
    const auto now = ends_.now();
    const auto window_end = at.row.created_at + ends_.times().adopt_window;
    const auto others = ends_.others(at);
    if (!others) return Step::store_failed;
    const bool elsewhere = goes_on_elsewhere(*others, at.row.ref.submission);
    if (now >= at.row.deadline) {
        if (is_over(at) || elsewhere) return ends_.end(at, "never_seen", RemoteLook{});
        return ends_.search(at, RemoteLook{}, plain_error(ErrorCode::timeout));
    }
    if (is_over(at)) {
        if (now < window_end) return ends_.look_again_at(at, window_end, 0, "");
        if (!ends_.free_cancelled_slot(at)) return Step::store_failed;
        return ends_.look_again_at(at, at.row.deadline, 0, "");
    }
    if (elsewhere) return ends_.look_again_at(at, now + ends_.times().operator_pause, 0, "");
    const auto found = at.site.find_outputs(at.row.job, at.row.ref.attempt);
    if (!found) return ends_.trouble(at, found.error(), 0);
    if (!*found) return submit_once_more(at);
    auto in_storage = at;
    in_storage.via = "storage";
    return ends_.collect(in_storage, **found, RemoteLook{});
}

Step RemoteWatch::submit_once_more(const RemoteCase& at) {
    const auto again = submit_again_(at.job, at.row);
    if (again == Resubmit::exhausted) return ends_.fail(at, ErrorCode::backend_unavailable, RemoteLook{});
    return ends_.look_again_at(at, ends_.now() + ends_.times().adopt_window, 0, "");
}

}  // namespace darkroom::dispatch
