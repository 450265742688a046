// What RunPod last said about the health of one endpoint, and what that means for jobs that wait there. Asks
// by itself when it is asked, at most every ten seconds, so that an endpoint without jobs is left in peace.
// Safe to use from many threads; one asks, the others take what was known before.
#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/clock.h"
#include "runpod/client/call_outcome.h"
#include "runpod/protocol/health.h"

namespace darkroom::runpod::scale {

/// Why a job that RunPod has taken has not begun.
enum class WaitingFor {
    queue,       // its turn
    cold_start,  // a worker is starting, or about to
    capacity,    // no GPU of this kind is free there
    workers      // there are none, or none that works
};
std::string_view name_of(WaitingFor reason);

/// Pure. `workers_max` as it is set there, if that is known; `without_workers` is how long no worker of any
/// kind has been seen while jobs waited.
WaitingFor waiting_for(const EndpointHealth& health, std::optional<int> workers_max,
                       Milliseconds without_workers);

class HealthWatch {
public:
    using Ask = std::function<Result<EndpointHealth, CallError>()>;  // RunpodClient::health

    /// `endpoint` is the name that the operator gave it.
    HealthWatch(std::string endpoint, Ask ask, const ports::Clock& clock);

    /// To be called only while jobs are open there. nullopt: not known (any more).
    std::optional<EndpointHealth> look();
    /// As in a job that is shown: cold_start, capacity, workers, queue; empty = not known. May ask.
    std::string waiting_for();
    /// For the operator, in words; empty = nothing is known. Never asks.
    std::string sentence() const;
    /// How many workers are allowed there, by whoever knows.
    void set_workers_max(int workers_max);

private:
    struct Known {
        EndpointHealth health;
        Instant at;
    };

    bool may_ask(Instant now);
    void learn(const Result<EndpointHealth, CallError>& answer);
    Milliseconds since(const std::optional<Instant>& then) const;

    const std::string endpoint_;
    const Ask ask_;
    const ports::Clock& clock_;
    mutable std::mutex mutex_;  // of what follows; never held while asking
    bool asking_ = false;
    std::optional<Known> known_;
    std::optional<int> workers_max_;
    Instant ask_again_at_{};
    Milliseconds pause_{0};                 // after failures in a row
    std::optional<Instant> waiting_since_;  // jobs wait and none begins
    std::optional<Instant> without_since_;  // workers, while jobs wait
    std::uint64_t begun_ = 0;
};

}  // namespace darkroom::runpod::scale
