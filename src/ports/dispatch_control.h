// What the API may ask of the dispatcher in the same process.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "ports/job_store.h"

namespace darkroom::ports {

struct RoundReport {
    int promoted = 0;    // from delayed to ready
    int dispatched = 0;  // claimed and handed to a backend
    int inflight_max = 0;
    QueueCounts queue;  // after the round
};

/// Safe to use from many threads at once.
class DispatchControl {
public:
    virtual ~DispatchControl() = default;
    /// One dispatch round, now. Rounds may run at the same time: claims are exact in the store.
    virtual StoreResult<RoundReport> run_round() = 0;
    /// Tells whichever backend works on the attempt to stop. Ignored if none does.
    virtual void stop_attempt(const AttemptId& attempt) = 0;
    /// Why nothing is dispatched although jobs wait, if it is the object store's fault; for the operator.
    virtual std::optional<std::string> storage_trouble() const = 0;
    /// Why remote endpoints get nothing, or less than they could take: a spend cap, paused endpoints; one
    /// line each, for the operator. Unset = nothing is known to be wrong.
    virtual std::optional<std::string> dispatch_trouble() const = 0;
};

}  // namespace darkroom::ports
