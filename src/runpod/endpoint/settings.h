// Everything about the endpoint that can be set. Defaults are the platform's, as far as they are known.
// Spans of time are the platform's own; `time_scale` lets those that only pass (retention, ttl, pauses of
// webhooks, cold start, idle time, long polls) pass faster. Work, heartbeats and leases stay real.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runpod/endpoint/fleet.h"
#include "runpod/endpoint/job_table.h"

namespace darkroom::runpod::endpoint {

struct EndpointSettings {
    std::string id = "ep-local";
    std::string client_key;  // accepted as it is and behind "Bearer "
    std::string worker_key;
    double time_scale = 1;
    std::uint64_t seed = 1;  // of the faults

    JobRules jobs;
    Scaling scaling;
    FleetRules fleet;
    Milliseconds execution_timeout{600'000};  // of a job that names none
    Milliseconds ttl{86'400'000};
    Milliseconds take_hold{50'000};  // long polls of workers
    Milliseconds stop_hold{50'000};
    Milliseconds stream_hold{1'000};
    Milliseconds ping_interval{10'000};                // told to workers
    std::uint64_t run_bytes_max = run_body_bytes_max;  // of a body, and of a result
    std::uint64_t sync_bytes_max = runsync_body_bytes_max;
    double rate_factor = 1;  // of the rate limits; 0 = none
    bool queue_limit = true;
    JobState state_after_large_result = JobState::completed;  // or failed
    bool progress_overwrites = false;  // progress after the end shows again, as the platform once did
    bool webhook_when_cancelled = false;
    Milliseconds webhook_timeout{10'000};
    std::string gpu = "NVIDIA GeForce RTX 4090";
    std::string data_center = "EU-RO-1";
    std::string network_volume;
    std::int64_t micro_usd_per_second = 310;
    std::size_t journal_entries_max = 200'000;

    Milliseconds scaled(Milliseconds span) const;
};

/// Sets one by its name, as in "cold_start_ms" and "3000". The error is a sentence.
Result<void, std::string> set_setting(EndpointSettings& settings, std::string_view name,
                                      std::string_view value);
/// "NAME   what it is (default)", a line for each; for --help and errors.
std::string describe_settings();

}  // namespace darkroom::runpod::endpoint
