// Where one RunPod endpoint is, with which key, and how long to wait for it. The limits of RunPod's API stand
// in operation.h.
#pragma once
#include <string>
#include <vector>

#include "base/time.h"

namespace darkroom::runpod {

struct ClientSettings {
    std::string base_url = "https://api.runpod.ai/v2";
    std::string endpoint_id;  // 1 to 64 of [A-Za-z0-9_-]
    std::string api_key;      // sent as Bearer, and nowhere else
    std::string version;      // of Darkroom, for the User-Agent
    Milliseconds connect_timeout{5'000};
    Milliseconds run_timeout{30'000};
    Milliseconds call_timeout{15'000};   // of one try of anything else
    Milliseconds call_deadline{45'000};  // of all tries together
    Milliseconds run_patience{5'000};    // how long a submit waits for its turn under the limits
    /// Of a job's output, in which some workers send their pictures; beyond, it is known to be there and not
    /// kept.
    std::size_t output_bytes_max = 20u << 20;
};

/// One line for each thing that is wrong; names no key.
std::vector<std::string> problems(const ClientSettings& settings);

}  // namespace darkroom::runpod
