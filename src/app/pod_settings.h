// COMFYUI_URL: one ComfyUI server, or a list of them with what is particular to each.
//
//   http://10.0.0.7:8188;name=desk;max=2, https://abc-8188.proxy.runpod.net;name=cloud;weight=2;bearer=…
//
// What stands in headers and tokens is secret: no message repeats it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/http_message.h"

namespace darkroom::app {

class SettingReader;

struct PodEndpoint {
    std::string url;   // without a slash at its end
    std::string name;  // in attempts, events and logs; host and port unless it is named
    int weight = 1;
    std::optional<int> inflight_max;  // unset: MAX_INFLIGHT, or pod_inflight_default
    ports::HttpFields headers;        // for a login in front of it
    ports::HttpFields query;
    std::string api_node_key;  // for paid nodes
};

/// One works, the next is there when that ends.
inline constexpr int pod_inflight_default = 2;

/// The error is a sentence without its subject for each mistake: "names no pod".
Result<std::vector<PodEndpoint>, std::vector<std::string>> parse_pods(std::string_view text);

/// Reads COMFYUI_URL; what is wrong with it is left with the reader. `is_default`: COMFYUI_MODE says pod, so
/// there must be one.
std::vector<PodEndpoint> read_pods(SettingReader& reader, bool is_default);

}  // namespace darkroom::app
