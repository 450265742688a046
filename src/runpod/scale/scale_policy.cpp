#include "runpod/scale/scale_policy.h"

#include <algorithm>

namespace darkroom::runpod::scale {
namespace {

constexpr Milliseconds ceiling_life{3'600'000};
constexpr int workers_most = 10'000;
// RunPod itself takes an endpoint down whose image crashes; insisting all the time would only cost money.
constexpr Milliseconds between_repairs{60'000};

int as_workers(std::int64_t jobs) {
    return static_cast<int>(std::clamp<std::int64_t>(jobs, 0, workers_most));
}

std::string seconds(Milliseconds span) {
    if (span < Milliseconds(1'000)) return std::to_string(span.count()) + " ms";
    return std::to_string(span.count() / 1'000) + " s";
}

std::string figures(const QueueView& queue) {
    auto text = std::to_string(queue.waiting) + " waiting, " + std::to_string(queue.running) + " running";
    if (queue.waiting > 0) text += ", oldest " + seconds(queue.oldest_wait);
    if (queue.ended_per_minute) text += ", " + std::to_string(*queue.ended_per_minute) + " ended per minute";
    return text;
}

}  // namespace

std::vector<std::string> problems(const ScaleSettings& settings) {
    std::vector<std::string> found;
    if (settings.workers_max < 1 || settings.workers_max > workers_most)
        found.push_back("the largest number of workers must be 1 to 10000");
    if (settings.workers_min < 0 || settings.workers_min > settings.workers_max)
        found.push_back("the least number of workers must be 0 to the largest");
    if (settings.jobs_inflight_max < 0) found.push_back("the limit of jobs in flight cannot be negative");
    if (settings.warm_from_jobs < 1) found.push_back("a batch that is kept warm for has at least 1 job");
    for (const auto span : {settings.drain_within, settings.calm_before_down, settings.idle_before_cold,
                            settings.doubling_time, settings.assumed_execution}) {
        if (span > Milliseconds(0)) continue;
        found.push_back("times of scaling must be longer than 0");
        break;
    }
    return found;
}

std::string_view name_of(ScaleReason reason) {
    switch (reason) {
        case ScaleReason::none:
            return "none";
        case ScaleReason::from_zero:
            return "from_zero";
        case ScaleReason::queue:
            return "queue";
        case ScaleReason::old_queue:
            return "old_queue";
        case ScaleReason::calm:
            return "calm";
        case ScaleReason::bounds:
            return "bounds";
        case ScaleReason::warm:
            return "warm";
        case ScaleReason::idle:
            return "idle";
    }
    return "none";
}

int ScalePolicy::most(Instant now) const {
    auto most = settings_.workers_max;
    if (settings_.jobs_inflight_max > 0) most = std::min(most, settings_.jobs_inflight_max);
    if (ceiling_ && now < ceiling_until_) most = std::min(most, *ceiling_);
    return std::max({most, settings_.workers_min, 1});
}

// Those that run are half done on average; those that wait have all of it before them.
ScalePolicy::Need ScalePolicy::need(Instant now, const QueueView& queue, const WorkerBounds& set) const {
    const auto execution = queue.execution.value_or(settings_.assumed_execution);
    const auto work = (static_cast<double>(queue.waiting) + static_cast<double>(queue.running) / 2) *
                      static_cast<double>(execution.count());
    const auto drain = static_cast<double>(settings_.drain_within.count());
    const auto exact = std::min(work / drain, double{workers_most});
    const auto for_queue = static_cast<int>(exact) + (exact > static_cast<int>(exact) ? 1 : 0);
    const auto jobs = as_workers(queue.waiting + queue.running);
    Need found;
    found.workers = std::min(for_queue, jobs);
    found.reason = ScaleReason::queue;
    found.why = figures(queue) + "; one takes " + (queue.execution ? "" : "perhaps ") + seconds(execution);
    // What was measured may be wrong. Only where all workers are at work: others would not help one that
    // waits for its image or for a machine.
    const bool all_at_work = set.max > 0 && queue.running >= set.max;
    if (queue.waiting > 0 && all_at_work && queue.oldest_wait > settings_.drain_within &&
        found.workers <= set.max) {
        found.workers = std::min(set.max + 1, jobs);
        found.reason = ScaleReason::old_queue;
    }
    const auto least = std::max(settings_.workers_min, jobs > 0 ? 1 : 0);
    if (found.workers < least && set.max < settings_.workers_min) found.reason = ScaleReason::bounds;
    found.workers = std::clamp(found.workers, least, most(now));
    if (set.max == 0 && jobs > 0) found.reason = ScaleReason::from_zero;
    return found;
}

int ScalePolicy::step_up(Instant now, int wanted, int set) const {
    const bool in_window = window_begun_ && now < *window_begun_ + settings_.doubling_time;
    const auto base = std::max(1, in_window ? window_base_ : set);
    // From zero the first step is one: whether anything starts there at all is not known yet.
    const auto twice = set == 0 && !in_window ? 1 : 2 * base;
    return std::max(set, std::min(wanted, std::max(twice, settings_.workers_min)));
}

void ScalePolicy::observe(Instant now, const QueueView& queue, int wanted, int set) {
    if (wanted >= set)
        calm_since_.reset();
    else if (!calm_since_)
        calm_since_ = now;
    if (queue.waiting + queue.running > 0)
        idle_since_.reset();
    else if (!idle_since_)
        idle_since_ = now;
}

void ScalePolicy::decide_max(Instant now, const QueueView& queue, const WorkerBounds& set,
                             ScaleDecision& decision) {
    const auto wanted = need(now, queue, set);
    observe(now, queue, wanted.workers, set.max);
    const auto at_work = std::min(as_workers(queue.at_work_max), set.max);
    const auto allowed = std::max(settings_.workers_max, 1);
    if (wanted.workers > set.max) {
        if (set.max == 0 && repaired_at_ && now < *repaired_at_ + between_repairs) return;
        const auto up = step_up(now, wanted.workers, set.max);
        if (up == set.max) return;
        decision.workers.max = up;
        decision.reason = wanted.reason;
        decision.why = wanted.why;
        if (up < wanted.workers) decision.why += "; a step towards " + std::to_string(wanted.workers);
    } else if (set.max > allowed && std::max(allowed, at_work) < set.max) {
        decision.workers.max = std::max(allowed, at_work);
        decision.reason = ScaleReason::bounds;
        decision.why = "no more than " + std::to_string(allowed) + " are allowed here; " + figures(queue);
    } else if (calm_since_ && now - *calm_since_ >= settings_.calm_before_down) {
        // Never to zero: should this gateway be gone, jobs would wait for ever. An idle worker costs nothing.
        const auto down = std::max({set.max - 1, wanted.workers, at_work, 1});
        if (down >= set.max) return;
        decision.workers.max = down;
        decision.reason = ScaleReason::calm;
        decision.why = std::to_string(wanted.workers) + " would have done for " +
                       seconds(std::chrono::floor<Milliseconds>(now - *calm_since_)) + "; " + figures(queue);
    }
}

void ScalePolicy::decide_min(Instant now, const QueueView& queue, bool batch_at_work,
                             ScaleDecision& decision) const {
    const auto jobs = queue.waiting + queue.running;
    const bool is_batch = jobs > 0 && (batch_at_work || jobs >= settings_.warm_from_jobs);
    const auto wanted = std::max(settings_.workers_min, is_batch ? 1 : 0);
    auto& min = decision.workers.min;
    const auto before = min;
    auto reason = ScaleReason::none;
    std::string why;
    if (wanted > min) {
        min = wanted;
        reason = is_batch && settings_.workers_min < 1 ? ScaleReason::warm : ScaleReason::bounds;
        why = reason == ScaleReason::warm ? "a batch is at work: one worker stays on; " + figures(queue)
                                          : "so many are always on, as it is set";
    } else if (wanted < min && idle_since_ && now - *idle_since_ >= settings_.idle_before_cold) {
        min = wanted;
        reason = ScaleReason::idle;
        why = "nothing to do for " + seconds(std::chrono::floor<Milliseconds>(now - *idle_since_));
    }
    min = std::min(min, decision.workers.max);
    if (decision.reason != ScaleReason::none || min == before) return;
    decision.reason = reason == ScaleReason::none ? ScaleReason::bounds : reason;
    decision.why = why.empty() ? "the least was above the largest" : why;
}

ScaleDecision ScalePolicy::decide(Instant now, const QueueView& queue, bool batch_at_work,
                                  const WorkerBounds& set) {
    ScaleDecision decision;
    decision.workers = set;
    decide_max(now, queue, set, decision);
    decide_min(now, queue, batch_at_work, decision);
    return decision;
}

void ScalePolicy::applied(Instant now, const WorkerBounds& before, const WorkerBounds& after) {
    if (after.max > before.max && !(window_begun_ && now < *window_begun_ + settings_.doubling_time)) {
        window_begun_ = now;
        window_base_ = before.max;
    }
    if (before.max == 0 && after.max > 0) repaired_at_ = now;
    if (after.max < before.max) calm_since_ = now;
}

void ScalePolicy::refused(Instant now, const WorkerBounds& before, const WorkerBounds& asked) {
    if (asked.max <= before.max) return;
    ceiling_ = std::max(1, before.max + (asked.max - before.max) / 2);
    ceiling_until_ = now + ceiling_life;
}

}  // namespace darkroom::runpod::scale
