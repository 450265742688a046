#include "dispatch/dispatcher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "dispatch/work_order.h"

namespace darkroom::dispatch {
namespace {

constexpr int promotions_per_round = 5'000;
constexpr int taken_over_at_once = 1'000;
// Every wake-up is a notification; this is only the net below them, should one ever be lost.
constexpr Milliseconds quiet_round_after{30'000};
constexpr Milliseconds round_again_after_error{1'000};

}  // namespace

Dispatcher::Dispatcher(ports::JobStore& store, ports::ObjectStore& objects,
                       std::vector<ports::Backend*> backends, const ports::Clock& clock,
                       ports::Random& random, DispatcherSettings settings)
    : store_(store),
      backends_(std::move(backends)),
      clock_(clock),
      settings_(std::move(settings)),
      wake_up_(clock.make_wake_up()),
      node_(settings_.nodes),
      gate_(objects, clock),
      collector_(
          store, objects, clock, random, settings_.retry, settings_.storage_patience, open_, gate_,
          [this] { wake(); }, settings_.fallback, *settings_.meters) {}

ports::StoreResult<void> Dispatcher::recover() {
    if (!settings_.dispatches) return {};
    for (;;) {
        // What was taken over is nobody else's: what could not be ended now is ended at the next look.
        for (; !taken_over_.empty(); taken_over_.pop_back()) {
            const auto& inflight = taken_over_.back();
            const bool runs_elsewhere = lane_ != nullptr && !works_here(inflight.endpoint);
            auto recovered = runs_elsewhere ? lane_->recover(inflight) : end_interrupted(inflight);
            if (!recovered) return recovered;
        }
        auto taken = store_.take_over(taken_over_at_once);
        if (!taken) return Fail(taken.error());
        if (taken->empty()) return {};
        log::info("took over what was left", {{"count", static_cast<std::int64_t>(taken->size())}});
        taken_over_ = *std::move(taken);
    }
}

bool Dispatcher::works_here(const std::string& endpoint) const {
    return std::any_of(backends_.begin(), backends_.end(),
                       [&](const auto* backend) { return backend->endpoint().name == endpoint; });
}

ports::StoreResult<void> Dispatcher::end_interrupted(const ports::InflightAttempt& inflight) {
    const auto job = store_.find_job(ports::Access::everyone(), inflight.job);
    if (!job) return Fail(job.error());
    if (!job->has_value()) return {};  // retention on another node was faster, and took the slot along
    {
        const std::lock_guard lock(left_overs_mutex_);
        left_overs_.push_back({**job, inflight.attempt});
    }
    const auto code = inflight.stopping ? core::ErrorCode::cancelled : core::ErrorCode::interrupted;
    collector_.fail(**job, inflight.attempt, {code, std::string(core::traits(code).message)},
                    inflight.endpoint);
    return {};
}

void Dispatcher::look_after_nodes() {
    if (!settings_.dispatches) return;
    stop_what_is_not_ours();
    const auto now = clock_.monotonic();
    const bool is_asked = nodes_asked_.exchange(false);
    const bool is_time =
        settings_.take_over_every > Milliseconds(0) && (is_asked || !take_over_at_ || now >= *take_over_at_);
    if (is_time) {
        take_over_at_ = now + settings_.take_over_every;
        if (const auto recovered = recover(); recovered) {
            (void)take_over_trouble_.is_over();
        } else if (take_over_trouble_.met(now)) {
            log::warning("what other nodes have left was not taken over",
                         {{"detail", recovered.error().detail}});
        }
    }
    if ((stops_asked_.exchange(false) || is_time) && !look_at_own_work(is_time)) stops_asked_ = true;
}

// The lease was over meanwhile: what is at work here has been given to somebody else, or will be, and nothing
// that comes of it counts.
void Dispatcher::stop_what_is_not_ours() {
    for (const auto& [attempt, backend] : open_.held_otherwise_than(node_.id()))
        backend->stop_attempt(attempt);
}

// Stops what others have cancelled, and now and then finds what nobody began.
bool Dispatcher::look_at_own_work(bool is_time) {
    std::vector<ports::InflightAttempt> unknown;
    for (auto* backend : backends_) {
        const auto inflight = store_.list_inflight(backend->endpoint().name);
        if (!inflight) return false;
        for (const auto& one : *inflight) {
            if (one.is_mine && one.stopping) stop_attempt(one.attempt);
            if (one.is_mine && !open_.find(one.attempt)) unknown.push_back(one);
        }
    }
    if (lane_ != nullptr) lane_->stop_attempt();
    if (is_time) end_unknown(std::move(unknown));
    return true;
}

// A claim that was kept although nobody was told, because the database was away: this node holds what it
// never began. One that is being claimed at this moment is not meant, so it takes two looks.
void Dispatcher::end_unknown(std::vector<ports::InflightAttempt> unknown) {
    const auto was_unknown = std::exchange(unknown_, {});
    for (auto& one : unknown) {
        unknown_.insert(one.attempt);
        if (was_unknown.count(one.attempt) > 0) taken_over_.push_back(std::move(one));
    }
}

bool Dispatcher::may_dispatch() { return gate_.open() && settings_.dispatches && left_overs_are_removed(); }

// Before anything new is written under the same job. Rounds may run at the same time: only one removes, the
// others wait for the next round.
bool Dispatcher::left_overs_are_removed() {
    std::vector<LeftOver> mine;
    {
        const std::lock_guard lock(left_overs_mutex_);
        if (removing_left_overs_) return false;
        if (left_overs_.empty()) return true;
        removing_left_overs_ = true;
        mine = std::exchange(left_overs_, {});
    }
    for (const auto& [job, attempt] : mine) collector_.discard_unrecorded(job, attempt);
    const std::lock_guard lock(left_overs_mutex_);
    removing_left_overs_ = false;
    return true;
}

void Dispatcher::run() {
    settings_.meters->dispatches(settings_.dispatches);
    while (!stopping_) {
        const auto began = clock_.monotonic();
        look_after_nodes();
        const auto promotion = promote();
        bool failed = !promotion;
        const bool dispatching = may_dispatch();
        for (auto* backend : backends_) {
            if (stopping_) break;
            if (dispatching) failed |= !fill(*backend);
        }
        if (dispatching) failed |= !fill_remote();
        tell_round(began);
        auto next = next_round_at(promotion);
        if (failed) next = std::min(next, clock_.monotonic() + round_again_after_error);
        wake_up_->wait_until(next);
    }
    settings_.meters->dispatches(false);
}

ports::StoreResult<ports::Promotion> Dispatcher::promote() {
    if (!settings_.dispatches) return ports::Promotion{};
    return store_.promote_due(clock_.now(), promotions_per_round);
}

void Dispatcher::tell_round(Instant began) { settings_.meters->dispatch_round(clock_.monotonic() - began); }

Instant Dispatcher::next_round_at(const ports::StoreResult<ports::Promotion>& promotion) const {
    auto quiet = clock_.monotonic() + quiet_round_after;
    if (const auto look = gate_.next_look()) quiet = std::min(quiet, *look);
    if (take_over_at_) quiet = std::min(quiet, *take_over_at_);
    if (lane_ != nullptr) quiet = std::min(quiet, lane_->next_round().value_or(quiet));
    if (!promotion || !promotion->next_due) return quiet;
    const auto pause = std::max(*promotion->next_due - clock_.now(), Milliseconds(0));
    return std::min(quiet, clock_.monotonic() + pause);
}

ports::StoreResult<int> Dispatcher::fill(ports::Backend& backend) {
    const auto& endpoint = backend.endpoint();
    const auto holder = node_.id();
    auto claimed = store_.claim({.backend = endpoint.backend,
                                 .endpoint = endpoint.name,
                                 .inflight_max = endpoint.inflight_max,
                                 .per_node = true,
                                 .jobs_max = endpoint.inflight_max,
                                 .now = clock_.now(),
                                 .remote = std::nullopt});
    if (!claimed) {
        if (claim_trouble_.met(clock_.monotonic()))
            log::error("jobs could not be claimed",
                       {{"endpoint", endpoint.name}, {"detail", claimed.error().detail}});
        return Fail(claimed.error());
    }
    if (claim_trouble_.is_over()) log::info("jobs can be claimed again", {{"endpoint", endpoint.name}});
    for (auto& [job] : *claimed) {
        auto order = work_order(job, job.attempts.back().id, settings_.time_limit, settings_.limit_of_recipe);
        open_.add(order.attempt, {std::move(job), &backend, holder});
        backend.start(std::move(order), collector_);
    }
    return static_cast<int>(claimed->size());
}

ports::StoreResult<int> Dispatcher::fill_remote() {
    if (lane_ == nullptr || stopping_) return 0;
    return lane_->fill();
}

ports::StoreResult<ports::RoundReport> Dispatcher::run_round() {
    ports::RoundReport report;
    const auto promotion = promote();
    if (!promotion) return Fail(promotion.error());
    report.promoted = promotion->promoted;
    const bool dispatching = may_dispatch();
    for (auto* backend : backends_) {
        if (stopping_) break;
        if (dispatching) {
            const auto dispatched = fill(*backend);
            if (!dispatched) return Fail(dispatched.error());
            report.dispatched += *dispatched;
        }
        report.inflight_max += backend->endpoint().inflight_max;
    }
    if (dispatching) {
        const auto dispatched = fill_remote();
        if (!dispatched) return Fail(dispatched.error());
        report.dispatched += *dispatched;
    }
    if (lane_ != nullptr) report.inflight_max += lane_->inflight_max();
    const auto queue = store_.count_queue();
    if (!queue) return Fail(queue.error());
    report.queue = *queue;
    return report;
}

void Dispatcher::stop_attempt(const AttemptId& attempt) {
    if (const auto open = open_.find(attempt)) return open->backend->stop_attempt(attempt);
    if (lane_ != nullptr) lane_->stop_attempt();
}

std::optional<std::string> Dispatcher::dispatch_trouble() const {
    if (lane_ == nullptr) return std::nullopt;
    std::string lines;
    for (const auto& trouble : lane_->troubles()) lines += (lines.empty() ? "" : "\n") + trouble;
    if (lines.empty()) return std::nullopt;
    return lines;
}

void Dispatcher::stop() {
    stopping_ = true;
    collector_.stop_insisting();
    wake();
    for (auto* backend : backends_) backend->shut_down();
}

}  // namespace darkroom::dispatch
