#include "runpod/scale/health_watch.h"

#include <algorithm>

#include "base/log.h"

namespace darkroom::runpod::scale {
namespace {

constexpr Milliseconds between_looks{10'000};
constexpr Milliseconds longest_pause{120'000};
constexpr Milliseconds believed_for{180'000};
// From zero, RunPod needs a while to notice that a job waits and to find a machine.
constexpr Milliseconds first_worker_within{120'000};

bool has_none(const WorkerCounts& workers) {
    return std::max({workers.idle, workers.initializing, workers.ready, workers.running, workers.throttled,
                     workers.unhealthy}) == 0;
}

}  // namespace

std::string_view name_of(WaitingFor reason) {
    switch (reason) {
        case WaitingFor::queue:
            return "queue";
        case WaitingFor::cold_start:
            return "cold_start";
        case WaitingFor::capacity:
            return "capacity";
        case WaitingFor::workers:
            return "workers";
    }
    return "queue";
}

WaitingFor waiting_for(const EndpointHealth& health, std::optional<int> workers_max,
                       Milliseconds without_workers) {
    const auto& workers = health.workers;
    // Somebody is at work, or about to take a job.
    if (workers.running > 0 || workers.ready > 0 || workers.idle > 0) return WaitingFor::queue;
    if (workers_max == 0) return WaitingFor::workers;
    // One that is unhealthy is started again and again: that is no cold start.
    if (workers.unhealthy > 0) return WaitingFor::workers;
    if (workers.initializing > 0) return WaitingFor::cold_start;
    if (workers.throttled > 0) return WaitingFor::capacity;
    return without_workers < first_worker_within ? WaitingFor::cold_start : WaitingFor::workers;
}

HealthWatch::HealthWatch(std::string endpoint, Ask ask, const ports::Clock& clock)
    : endpoint_(std::move(endpoint)), ask_(std::move(ask)), clock_(clock) {}

bool HealthWatch::may_ask(Instant now) {
    const std::lock_guard lock(mutex_);
    if (asking_ || now < ask_again_at_) return false;
    asking_ = true;
    return true;
}

std::optional<EndpointHealth> HealthWatch::look() {
    if (may_ask(clock_.monotonic())) learn(ask_());
    const Instant now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    if (!known_ || known_->at + believed_for < now) return std::nullopt;
    return known_->health;
}

void HealthWatch::learn(const Result<EndpointHealth, CallError>& answer) {
    const Instant now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    asking_ = false;
    if (!answer) {
        // Once, and not each time: whoever reads it knows.
        if (pause_ == Milliseconds(0) && answer.error().kind != CallErrorKind::stopped)
            log::warning("the health of the endpoint is not known",
                         {{"endpoint", endpoint_}, {"detail", answer.error().detail}});
        pause_ = std::clamp(pause_ * 2, between_looks, longest_pause);
        ask_again_at_ = now + std::max(pause_, answer.error().retry_after);
        return;
    }
    pause_ = Milliseconds(0);
    ask_again_at_ = now + between_looks;
    const auto& jobs = answer->jobs;
    const auto begun = static_cast<std::uint64_t>(jobs.completed) + static_cast<std::uint64_t>(jobs.failed) +
                       static_cast<std::uint64_t>(jobs.in_progress);
    const bool waits = jobs.in_queue > 0;
    // An old look tells nothing of the time since: nobody asked because nothing was open.
    const bool goes_on = known_ && known_->at + believed_for >= now;
    if (!waits || !goes_on || begun != begun_ || !waiting_since_)
        waiting_since_ = waits ? std::optional(now) : std::nullopt;
    const bool without = waits && has_none(answer->workers);
    if (!without || !goes_on || !without_since_) without_since_ = without ? std::optional(now) : std::nullopt;
    begun_ = begun;
    known_ = {*answer, now};
}

Milliseconds HealthWatch::since(const std::optional<Instant>& then) const {
    return then ? std::chrono::floor<Milliseconds>(clock_.monotonic() - *then) : Milliseconds(0);
}

std::string HealthWatch::waiting_for() {
    const auto health = look();
    if (!health) return {};
    const std::lock_guard lock(mutex_);
    return std::string(name_of(scale::waiting_for(*health, workers_max_, since(without_since_))));
}

std::string HealthWatch::sentence() const {
    const std::lock_guard lock(mutex_);
    if (!known_) return {};
    if (workers_max_ == 0 && known_->health.jobs.in_queue > 0)
        return "max workers is 0: no worker starts and the jobs wait for ever";
    return diagnose(known_->health, since(waiting_since_)).sentence;
}

void HealthWatch::set_workers_max(int workers_max) {
    const std::lock_guard lock(mutex_);
    workers_max_ = workers_max;
}

}  // namespace darkroom::runpod::scale
