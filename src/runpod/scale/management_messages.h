// What RunPod's management API (REST v2) says and is told about an endpoint, as values. Other people's
// messages: what is missing or odd is left out, unless nothing could be decided without it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runpod/protocol/health.h"
#include "runpod/protocol/protocol_error.h"

namespace darkroom::runpod::scale {

inline constexpr std::size_t management_body_bytes_max = 1u << 20;

/// An endpoint as it is set up there.
struct EndpointDescription {
    std::string id;    // empty = not told
    std::string name;  // shown only
    bool is_load_balancer = false;
    int workers_min = 0;
    int workers_max = 0;
    Milliseconds idle_timeout{0};  // 0 = not told
    std::string scaler;            // QUEUE_DELAY, REQUEST_COUNT; empty = not told
    std::vector<std::string> gpu_pools;
    int gpu_count = 1;  // of one worker
    std::vector<std::string> data_centers;
    std::vector<std::string> network_volumes;
    Milliseconds execution_timeout{0};  // 0 = not told
    std::string flashboot;
};

/// What is unset stays as it is there.
struct ScalingChange {
    std::optional<int> workers_min;
    std::optional<int> workers_max;
    std::optional<std::chrono::seconds> idle_timeout;
    std::optional<Milliseconds> queue_delay;  // makes the scaler QUEUE_DELAY
    std::optional<int> request_count;         // makes the scaler REQUEST_COUNT
};

struct RemoteWorker {
    std::string id;
    std::string status;
    std::string gpu;
    std::string data_center;
    bool is_stale = false;  // of an older release
};

struct WorkerList {
    WorkerCounts summary;  // without `ready`, which this API does not tell
    std::vector<RemoteWorker> workers;
};

struct GpuPrice {
    std::string gpu;
    std::string pool;
    std::int64_t micro_usd_per_s = 0;
};

/// workers.min and workers.max must be there.
Result<EndpointDescription, ProtocolError> parse_endpoint_description(std::string_view body);
Result<WorkerList, ProtocolError> parse_worker_list(std::string_view body);
/// GPUs without a price are left out.
Result<std::vector<GpuPrice>, ProtocolError> parse_gpu_prices(std::string_view body);

/// Of a card or a pool: by the account's catalogue, else by the table of runpod/protocol/gpu_prices.h;
/// nullopt = neither knows it.
std::optional<std::int64_t> price_of(std::string_view gpu, const std::vector<GpuPrice>& catalogue);

/// What RunPod would refuse, in a sentence; nullopt = nothing.
std::optional<std::string> problem_of(const ScalingChange& change);
std::string write_scaling_change(const ScalingChange& change);

}  // namespace darkroom::runpod::scale
