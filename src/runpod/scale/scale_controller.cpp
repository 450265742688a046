#include "runpod/scale/scale_controller.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace darkroom::runpod::scale {
namespace {

constexpr Milliseconds between_rounds_min{2'000};
constexpr Milliseconds between_rounds{10'000};  // while there are jobs
constexpr Milliseconds between_idle_rounds{60'000};
// RunPod changes an endpoint by itself, and so may its operator.
constexpr Milliseconds believed_for{30'000};
constexpr Milliseconds believed_before_a_change{5'000};
constexpr Milliseconds first_pause{10'000};
constexpr Milliseconds longest_pause{600'000};

constexpr std::string_view change_failed = "the endpoint's workers cannot be changed";

std::string bounds_text(const WorkerBounds& bounds) {
    return std::to_string(bounds.min) + " to " + std::to_string(bounds.max);
}

bool needs_operator(CallErrorKind kind) {
    return kind == CallErrorKind::auth || kind == CallErrorKind::funds || kind == CallErrorKind::not_found;
}

}  // namespace

ScaleController::ScaleController(ScaledEndpoint endpoint, const ScaleSettings& settings,
                                 ManagementClient& management, HealthWatch& health, FiguresSource figures,
                                 const ports::Clock& clock)
    : endpoint_(std::move(endpoint)),
      management_(management),
      health_(health),
      figures_(std::move(figures)),
      clock_(clock),
      wake_up_(clock.make_wake_up()),
      policy_(settings) {
    DR_CHECK(problems(settings).empty());
}

void ScaleController::run() {
    while (!stopping_) wait(round());
}

void ScaleController::stop() {
    stopping_ = true;
    wake_up_->set();
}

void ScaleController::wait(const Pause& pause) {
    const Instant now = clock_.monotonic();
    if (!stopping_) wake_up_->wait_until(now + pause.at_most);
    while (!stopping_ && clock_.monotonic() < now + pause.at_least)
        wake_up_->wait_until(now + pause.at_least);
}

ScaleController::Pause ScaleController::round() {
    const auto figures = figures_();
    if (!figures) return {between_rounds, between_rounds};
    const bool has_jobs = figures->ready + figures->inflight > 0;
    const auto health = has_jobs ? health_.look() : std::nullopt;
    const Instant now = clock_.monotonic();
    const auto queue = meter_.see(now, *figures, health);
    const bool must_ask = !described_at_ || (has_jobs && is_older_than(believed_for));
    if (must_ask && !describe_again()) return {failure_pause_, failure_pause_};
    auto before = set_there();
    auto decision = policy_.decide(now, queue, figures->batch_at_work, before);
    if (decision.workers != before && is_older_than(believed_before_a_change)) {
        if (!describe_again()) return {failure_pause_, failure_pause_};
        before = set_there();
        decision = policy_.decide(now, queue, figures->batch_at_work, before);
    }
    if (decision.workers != before && !change(now, before, decision)) return {failure_pause_, failure_pause_};
    went_well();
    return {between_rounds_min, has_jobs ? between_rounds : between_idle_rounds};
}

bool ScaleController::is_older_than(Milliseconds age) const {
    return !described_at_ || *described_at_ + age <= clock_.monotonic();
}

WorkerBounds ScaleController::set_there() const {
    const std::lock_guard lock(mutex_);
    return {description_->workers_min, description_->workers_max};
}

void ScaleController::know(const EndpointDescription& description) {
    described_at_ = clock_.monotonic();
    health_.set_workers_max(description.workers_max);
    const std::lock_guard lock(mutex_);
    description_ = description;
}

bool ScaleController::describe_again() {
    const auto found = management_.describe(endpoint_.id);
    if (!found) {
        failed(found.error(), "the endpoint's workers cannot be looked at");
        return false;
    }
    if (found->is_load_balancer) {
        failed({CallErrorKind::refused, "it is a load balancer, which has no queue"},
               "the endpoint's workers are not looked after");
        return false;
    }
    know(*found);
    return true;
}

bool ScaleController::change(Instant now, const WorkerBounds& before, const ScaleDecision& decision) {
    ScalingChange change;
    change.workers_min = decision.workers.min;
    change.workers_max = decision.workers.max;
    const auto done = management_.change_scaling(endpoint_.id, change);
    ScaleRecord record{clock_.now(), before, decision.workers, decision.reason, decision.why, {}};
    if (!done) {
        record.error = done.error().detail;
        note(record);
        if (done.error().kind == CallErrorKind::refused) policy_.refused(now, before, decision.workers);
        // Whether it was done is seen when the endpoint is looked at again.
        described_at_.reset();
        failed(done.error(), change_failed);
        return false;
    }
    know(*done);
    if (set_there() != decision.workers) {
        record.error = "RunPod says yes and keeps " + bounds_text(set_there());
        note(record);
        policy_.refused(now, before, decision.workers);
        failed({CallErrorKind::refused, record.error}, change_failed);
        return false;
    }
    note(record);
    policy_.applied(now, before, decision.workers);
    const auto from = bounds_text(before);
    const auto to = bounds_text(decision.workers);
    log::info("the endpoint may have other numbers of workers now", {{"endpoint", endpoint_.name},
                                                                     {"from", from},
                                                                     {"to", to},
                                                                     {"reason", name_of(decision.reason)},
                                                                     {"why", decision.why}});
    return true;
}

void ScaleController::note(const ScaleRecord& record) {
    const std::lock_guard lock(mutex_);
    // The same failure again and again must not push out what was done.
    if (!record.error.empty() && !decisions_.empty() && !decisions_.back().error.empty() &&
        decisions_.back().before == record.before && decisions_.back().after == record.after)
        decisions_.pop_back();
    decisions_.push_back(record);
    if (decisions_.size() > decisions_max) decisions_.pop_front();
}

void ScaleController::failed(const CallError& error, std::string_view what) {
    const auto doubled = first_pause * (std::int64_t{1} << std::min(failures_, 10));
    failure_pause_ = std::max(std::min(doubled, longest_pause), error.retry_after);
    ++failures_;
    if (error.kind == CallErrorKind::stopped) return;
    // Once for each kind of trouble, not each time.
    if (failure_kind_ != error.kind) {
        const log::Fields fields = {{"endpoint", endpoint_.name}, {"detail", error.detail}};
        if (needs_operator(error.kind))
            log::error(what, fields);
        else
            log::warning(what, fields);
    }
    failure_kind_ = error.kind;
    const std::lock_guard lock(mutex_);
    trouble_ = std::string(what) + ": " + error.detail;
}

void ScaleController::went_well() {
    if (failures_ > 0)
        log::info("the endpoint's workers are looked after again", {{"endpoint", endpoint_.name}});
    failures_ = 0;
    failure_kind_.reset();
    const std::lock_guard lock(mutex_);
    trouble_.reset();
}

std::vector<ScaleRecord> ScaleController::decisions() const {
    const std::lock_guard lock(mutex_);
    return {decisions_.begin(), decisions_.end()};
}

std::optional<EndpointDescription> ScaleController::description() const {
    const std::lock_guard lock(mutex_);
    return description_;
}

std::optional<std::string> ScaleController::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

}  // namespace darkroom::runpod::scale
