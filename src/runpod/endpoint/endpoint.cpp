#include "runpod/endpoint/endpoint.h"

#include <algorithm>

namespace darkroom::runpod::endpoint {
namespace {

constexpr Milliseconds tick_busy{50};
constexpr Milliseconds tick_idle{500};

JobRules scaled_rules(const EndpointSettings& settings) {
    auto rules = settings.jobs;
    rules.run_retention = settings.scaled(rules.run_retention);
    rules.sync_retention = settings.scaled(rules.sync_retention);
    return rules;
}

FleetRules scaled_fleet(const EndpointSettings& settings) {
    auto rules = settings.fleet;
    rules.cold_start = settings.scaled(rules.cold_start);
    return rules;
}

}  // namespace

Endpoint::Endpoint(EndpointSettings settings, ports::Clock& clock, ports::Random& random)
    : settings_(std::move(settings)),
      clock_(clock),
      random_(random),
      wake_up_(clock.make_wake_up()),
      jobs_(scaled_rules(settings_)),
      fleet_(scaled(settings_.scaling), scaled_fleet(settings_)),
      nominal_scaling_(settings_.scaling),
      faults_(settings_.seed),
      rates_(settings_.rate_factor),
      journal_(settings_.journal_entries_max),
      costs_(settings_.gpu, settings_.micro_usd_per_second, settings_.journal_entries_max / 10),
      webhooks_(settings_.time_scale) {}

Result<void, std::string> Endpoint::keep_journal_in(const std::filesystem::path& file) {
    const std::lock_guard lock(mutex_);
    return journal_.write_to(file);
}

void Endpoint::run() {
    while (true) {
        bool busy = false;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            busy = !jobs_.jobs().empty() || !fleet_.workers().empty();
        }
        tick();
        wake_up_->wait_until(now() + (busy ? tick_busy : tick_idle));
    }
}

void Endpoint::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_up_->set();
}

void Endpoint::tick() {
    const std::lock_guard lock(mutex_);
    const auto at = now();
    const auto lost = [&](const std::string& worker) { return fleet_.is_lost(worker, at); };
    for (const auto& expiry : jobs_.expire(at, lost)) handle(expiry, at);
    scale(at);
    // Somebody may have become ready, or the first in the queue old enough.
    if (jobs_.queued() > 0) waiting_room_.notify(topic_of_queue());
}

void Endpoint::handle(const Expiry& expiry, Instant now) {
    using What = Expiry::What;
    const auto& job = expiry.job;
    if (!expiry.worker.empty()) {
        fleet_.gave_back(expiry.worker, job.id, now);
        const bool was_lost = expiry.what == What::requeued || expiry.what == What::lost;
        if (was_lost && fleet_.is_lost(expiry.worker, now)) fleet_.presume_dead(expiry.worker);
        costs_.executed(job.id, expiry.worker, expiry.busy);
        tell_to_stop(expiry.worker, job.id);
    }
    switch (expiry.what) {
        case What::requeued:
            journal_.note(clock_.now(), "requeue", job.id,
                          {{"worker", expiry.worker}, {"why", "worker lost"}});
            break;
        case What::lost:
        case What::timed_out:
            journal_.note(clock_.now(), "end", job.id,
                          {{"state", name_of(job.state)}, {"worker", expiry.worker}}, job.marks_json);
            after_end(job.id, now);
            break;
        case What::ttl_over:
        case What::forgotten:
            journal_.note(clock_.now(), "expire", job.id,
                          {{"why", expiry.what == What::ttl_over ? "ttl" : "retention"},
                           {"state", name_of(job.state)}});
            break;
    }
    waiting_room_.notify(topic_of_job(job.id));
}

Demand Endpoint::demand(Instant now) const {
    return {jobs_.wanting_workers(), jobs_.running(), jobs_.longest_wait(now)};
}

void Endpoint::scale(Instant now) {
    for (const auto& stop : fleet_.scale(demand(now), now)) {
        costs_.worked(stop.worker, calendar(stop.started), clock_.now());
        journal_.note(clock_.now(), "worker_stop", "", {{"worker", stop.worker}});
    }
}

TimePoint Endpoint::calendar(Instant then) const {
    return clock_.now() - std::chrono::floor<Milliseconds>(clock_.monotonic() - then);
}

Scaling Endpoint::scaled(Scaling scaling) const {
    scaling.idle_timeout = settings_.scaled(scaling.idle_timeout);
    scaling.queue_delay = settings_.scaled(scaling.queue_delay);
    return scaling;
}

void Endpoint::end(Job& job, JobState state, Instant now) {
    jobs_.end(job, state, now);
    if (job.execution && !job.worker.empty()) costs_.executed(job.id, job.worker, *job.execution);
    fleet_.gave_back(job.worker, job.id, now);
    journal_.note(clock_.now(), "end", job.id, {{"state", name_of(state)}, {"worker", job.worker}},
                  job.marks_json);
    after_end(job.id, now);
}

/// The job may be gone afterwards.
void Endpoint::after_end(const std::string& id, Instant now) {
    auto* job = jobs_.find(id);
    if (job == nullptr) return;
    schedule_webhooks(*job, now);
    if (job->state == JobState::completed && fires("late_progress", id)) {
        job->is_overwritten = true;
        if (!job->progress_json) job->progress_json = R"({"progress":"late"})";
    }
    waiting_room_.notify(topic_of_job(id));
    if (fires("retention_expire", id)) {
        journal_.note(clock_.now(), "expire", id, {{"why", "retention"}, {"state", name_of(job->state)}});
        jobs_.remove(id);
    }
}

void Endpoint::tell_to_stop(const std::string& worker, const std::string& job) {
    stops_[worker].insert(job);
    waiting_room_.notify(topic_of_stops(worker));
}

std::optional<std::int64_t> Endpoint::fault(std::string_view name, std::string_view job) {
    const std::lock_guard lock(mutex_);
    return fires(name, job);
}

std::optional<std::int64_t> Endpoint::fires(std::string_view name, std::string_view job) {
    if (!faults_.has_rules()) return std::nullopt;
    auto number = faults_.fires(name);
    if (number) journal_.note(clock_.now(), "fault", job, {{"fault", name}, {"number", *number}});
    return number;
}

}  // namespace darkroom::runpod::endpoint
