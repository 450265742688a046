#include "runpod/scale/queue_meter.h"

#include <algorithm>

namespace darkroom::runpod::scale {
namespace {

constexpr Milliseconds remembered{300'000};
constexpr std::size_t entries_max = 600;
constexpr std::int64_t count_most = 1'000'000'000'000;  // others' counters may be absurd

std::int64_t sane(std::int64_t count) { return std::clamp<std::int64_t>(count, 0, count_most); }

}  // namespace

QueueView QueueMeter::see(Instant now, const QueueFigures& figures,
                          const std::optional<EndpointHealth>& health) {
    QueueView view;
    const auto ready = sane(figures.ready);
    const auto inflight = sane(figures.inflight);
    view.waiting = ready + inflight;
    view.at_work_max = inflight;
    if (health) {
        view.running = sane(health->jobs.in_progress);
        view.at_work_max = view.running;
        view.waiting = ready + std::max(sane(health->jobs.in_queue), inflight - view.running);
        note({now, sane(health->jobs.completed) + sane(health->jobs.failed), view.running});
        measure(view);
    }
    view.oldest_wait = age_of_oldest(now, view.waiting);
    return view;
}

void QueueMeter::note(const Sample& sample) {
    // Counters that go back are another endpoint's, or began anew: what was seen before says nothing.
    if (!samples_.empty() && sample.ended < samples_.back().ended) {
        samples_.clear();
        arrivals_.clear();
        begun_ = 0;
    }
    // A job that the platform starts again has begun all the same.
    begun_ = std::max(begun_, sample.ended + sample.running);
    samples_.push_back(sample);
    while (samples_.size() > entries_max || samples_.front().at + remembered < sample.at)
        samples_.pop_front();
}

// Little's law: a job takes as long as the workers were busy, divided by the jobs that ended meanwhile.
void QueueMeter::measure(QueueView& view) const {
    const auto span = std::chrono::floor<Milliseconds>(samples_.back().at - samples_.front().at);
    if (span <= Milliseconds(0)) return;
    const auto ended = samples_.back().ended - samples_.front().ended;
    view.ended_per_minute = ended * 60'000 / span.count();
    if (ended == 0) return;
    double busy_ms = 0;
    for (std::size_t i = 1; i < samples_.size(); ++i) {
        const auto between = std::chrono::floor<Milliseconds>(samples_[i].at - samples_[i - 1].at);
        const auto running = static_cast<double>(samples_[i].running + samples_[i - 1].running) / 2;
        busy_ms += running * static_cast<double>(between.count());
    }
    const auto execution = Milliseconds(static_cast<std::int64_t>(busy_ms / static_cast<double>(ended)));
    // Looks may miss all of the work where jobs are short; then nothing is known.
    if (execution > Milliseconds(0)) view.execution = execution;
}

// Jobs begin in about the order in which they come: the oldest that waits came when the total of arrivals
// went beyond the total of those that have begun.
Milliseconds QueueMeter::age_of_oldest(Instant now, std::int64_t waiting) {
    if (waiting == 0) {
        arrivals_.clear();
        return Milliseconds(0);
    }
    const auto total = begun_ + waiting;
    // Some that waited were withdrawn: the youngest, as far as anybody can tell.
    while (arrivals_.size() > 1 && arrivals_[arrivals_.size() - 2].total >= total) arrivals_.pop_back();
    if (!arrivals_.empty()) arrivals_.back().total = std::min(arrivals_.back().total, total);
    while (!arrivals_.empty() && arrivals_.front().total <= begun_) arrivals_.pop_front();
    if (arrivals_.size() >= entries_max)
        arrivals_.back().total = total;
    else if (arrivals_.empty() || arrivals_.back().total < total)
        arrivals_.push_back({now, total});
    return std::chrono::floor<Milliseconds>(now - arrivals_.front().at);
}

}  // namespace darkroom::runpod::scale
