// How many workers an endpoint should be allowed, from what waits and what runs. Up at once by need, though
// at most doubled in half a minute; down one step after five calm minutes, never below what is at work.
// RunPod starts and stops the workers by itself between the two numbers that are decided here. Pure: the time
// is handed in; one thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "runpod/scale/queue_meter.h"

namespace darkroom::runpod::scale {

struct ScaleSettings {
    int workers_min = 0;                     // always on, and always paid for
    int workers_max = 3;                     // never more; RunPod's account may allow less
    int jobs_inflight_max = 0;               // sent there at once: more workers find no job; 0 = not known
    Milliseconds drain_within{60'000};       // what waits should have begun and ended by then
    Milliseconds calm_before_down{300'000};  // fewer would have done, all that time
    Milliseconds idle_before_cold{300'000};  // nothing to do, before the warm worker goes
    Milliseconds doubling_time{30'000};      // at most twice as many in so long
    Milliseconds assumed_execution{10'000};  // of one job, until it is measured
    int warm_from_jobs = 5;                  // so many at once are a batch: one worker is kept warm for them
};

/// One line for each thing that is wrong.
std::vector<std::string> problems(const ScaleSettings& settings);

enum class ScaleReason {
    none,       // as it is
    from_zero,  // jobs wait and no worker was allowed
    queue,      // more workers are needed
    old_queue,  // the oldest waits too long although all workers are at work
    calm,       // fewer have done for a while
    bounds,     // it was outside what is set
    warm,       // a batch is at work
    idle        // nothing is to do: no worker stays on
};
std::string_view name_of(ScaleReason reason);

/// The numbers as they are set there.
struct WorkerBounds {
    int min = 0;
    int max = 0;
    bool operator==(const WorkerBounds&) const = default;
};

struct ScaleDecision {
    WorkerBounds workers;
    ScaleReason reason = ScaleReason::none;
    std::string why;  // with numbers, for the operator
};

class ScalePolicy {
public:
    /// The settings have no problems().
    explicit ScalePolicy(const ScaleSettings& settings) : settings_(settings) {}

    /// Twice in a moment is the same as once.
    ScaleDecision decide(Instant now, const QueueView& queue, bool batch_at_work, const WorkerBounds& set);
    /// RunPod did as was decided.
    void applied(Instant now, const WorkerBounds& before, const WorkerBounds& after);
    /// RunPod would not: the account may allow fewer, so for an hour no more than half of the way is asked.
    void refused(Instant now, const WorkerBounds& before, const WorkerBounds& asked);

private:
    struct Need {
        int workers = 0;
        ScaleReason reason = ScaleReason::none;
        std::string why;
    };

    int most(Instant now) const;
    Need need(Instant now, const QueueView& queue, const WorkerBounds& set) const;
    int step_up(Instant now, int wanted, int set) const;
    void observe(Instant now, const QueueView& queue, int wanted, int set);
    void decide_max(Instant now, const QueueView& queue, const WorkerBounds& set, ScaleDecision& decision);
    void decide_min(Instant now, const QueueView& queue, bool batch_at_work, ScaleDecision& decision) const;

    ScaleSettings settings_;
    std::optional<Instant> calm_since_;  // fewer would have done
    std::optional<Instant> idle_since_;
    std::optional<Instant> window_begun_;  // of doubling
    int window_base_ = 0;
    std::optional<Instant> repaired_at_;  // it was at zero
    std::optional<int> ceiling_;          // after a refusal
    Instant ceiling_until_{};
};

}  // namespace darkroom::runpod::scale
