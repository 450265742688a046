// Where one ComfyUI server is, what a proxy in front of it wants, and how long to wait for it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "ports/http_message.h"

namespace darkroom::comfyui {

/// One answer of a RunPod pod's public address must come within 100 s; this is less.
inline constexpr Milliseconds proxy_answer_max{95'000};

struct ComfySettings {
    std::string base_url;       // http://host:8188 or https://….proxy.runpod.net; no path but a proxy's own
    ports::HttpFields headers;  // for a login in front of it; never logged
    ports::HttpFields query;    // likewise, as in token=…
    std::string client_id;      // of this gateway and this server; no two may share one
    std::string api_node_key;   // for paid nodes; empty = none
    Milliseconds connect_timeout{3'000};
    Milliseconds ask_timeout{10'000};              // of one try of a question
    Milliseconds prompt_timeout{60'000};           // the server checks the graph before it answers
    Milliseconds ask_deadline{35'000};             // of all tries of a question
    std::uint64_t upload_bytes_max = 100'000'000;  // ComfyUI's own default, and what proxies let through
    std::uint64_t download_bytes_max = 256u << 20;
};

/// One line for each thing that is wrong; names no secret.
std::vector<std::string> problems(const ComfySettings& settings);
/// The address goes through RunPod's proxy, with its limit on how long one answer takes.
bool is_behind_proxy(const ComfySettings& settings);
/// 30 s and a second for each MiB, within what a proxy allows.
Milliseconds upload_timeout(const ComfySettings& settings, std::uint64_t bytes);

}  // namespace darkroom::comfyui
