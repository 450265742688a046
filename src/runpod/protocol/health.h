// What /health says about an endpoint, and what that means in words an operator can act on.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "runpod/protocol/protocol_error.h"

namespace darkroom::runpod {

struct JobCounts {
    std::int64_t completed = 0;
    std::int64_t failed = 0;
    std::int64_t in_progress = 0;
    std::int64_t in_queue = 0;
    std::int64_t retried = 0;
};

struct WorkerCounts {
    std::int64_t idle = 0;
    std::int64_t initializing = 0;
    std::int64_t ready = 0;
    std::int64_t running = 0;
    std::int64_t throttled = 0;
    std::int64_t unhealthy = 0;
};

struct EndpointHealth {
    JobCounts jobs;
    WorkerCounts workers;
};

/// Every field may be absent or odd and is 0 then: SDKs and documents each know only some of them.
Result<EndpointHealth, ProtocolError> parse_health(std::string_view body);
std::string write_health(const EndpointHealth& health);

enum class HealthVerdict {
    fine,
    crash_loop,    // workers start and die: the image, not capacity
    no_workers,    // scaling from zero, no capacity, or max workers is 0
    no_capacity,   // throttled: RunPod has no GPU of this kind free
    cold_start,    // a worker is on its way
    broken_image,  // workers are ready and yet take nothing
};

struct Diagnosis {
    HealthVerdict verdict = HealthVerdict::fine;
    std::string sentence;  // for the operator
};

/// `waiting` is how long the oldest job has waited without any job having started since.
Diagnosis diagnose(const EndpointHealth& health, Milliseconds waiting);

}  // namespace darkroom::runpod
