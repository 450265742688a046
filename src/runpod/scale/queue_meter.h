// From figures at moments to figures over time: how long the oldest waiting job waits, how many end in a
// minute, how long one takes. Learned from counters alone, so that neither the store's history nor each job
// has to be asked. Pure: the time is handed in; one thread.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"
#include "runpod/protocol/health.h"

namespace darkroom::runpod::scale {

/// Darkroom's own jobs that are meant for one endpoint.
struct QueueFigures {
    std::int64_t ready = 0;      // not sent yet
    std::int64_t inflight = 0;   // sent, or being sent, and not ended
    bool batch_at_work = false;  // jobs that belong together are among them
};

struct QueueView {
    std::int64_t waiting = 0;      // here and there
    std::int64_t running = 0;      // there, other clients' jobs included: they take workers too
    std::int64_t at_work_max = 0;  // as many may run: more than `running` only while that is not known
    Milliseconds oldest_wait{0};
    std::optional<std::int64_t> ended_per_minute;
    std::optional<Milliseconds> execution;  // of one job; unset until some have ended
};

class QueueMeter {
public:
    /// Without `health` nothing is known to run: what was sent is taken as waiting.
    QueueView see(Instant now, const QueueFigures& figures, const std::optional<EndpointHealth>& health);

private:
    struct Sample {
        Instant at;
        std::int64_t ended = 0;
        std::int64_t running = 0;
    };
    struct Arrivals {
        Instant at;
        std::int64_t total = 0;  // so far, those that began included
    };

    void note(const Sample& sample);
    void measure(QueueView& view) const;
    Milliseconds age_of_oldest(Instant now, std::int64_t waiting);

    std::deque<Sample> samples_;     // of the last minutes
    std::deque<Arrivals> arrivals_;  // totals that grow; the first one's oldest job has not begun
    std::int64_t begun_ = 0;         // so far; never goes back while the counters go on
};

}  // namespace darkroom::runpod::scale
