// RUNPOD_ENDPOINT_ID: one endpoint's id, or a list of endpoints with what is particular to each.
//
//   k2m9x0p4q7;name=eu-cz;weight=2;max=10;volume=abc123;region=EU-CZ-1;gpu=RTX 4090;price=0.00031,other…
//
// and, where its workers are not Darkroom's:
// worker=volume_files;inputs=/runpod-volume/inputs/;outputs=outputs; mount=/workspace (docs/runpod.md).
//
// Pure: text in, values or sentences out.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace darkroom::app {

/// As written, with what is not written filled in.
struct RunpodEndpointWords {
    std::string id;
    std::string name;  // the id unless it is named
    int weight = 1;
    std::optional<int> inflight_max;
    std::string volume;  // network volume of its data center; empty = the one of all endpoints
    std::string region;  // of that volume
    std::string gpu;
    std::optional<std::int64_t> micro_usd_per_second;
    std::string worker;   // auto, darkroom, volume_files, worker_comfyui; empty = not told
    std::string inputs;   // what stands before the names that LoadImage is given
    std::string outputs;  // folder on the volume, without a slash at either end
    std::string mount;    // where its workers see the volume, with a slash at both ends
};

/// The error is a sentence without its subject for each mistake: "names no endpoint".
Result<std::vector<RunpodEndpointWords>, std::vector<std::string>> parse_runpod_endpoints(
    std::string_view text);

/// Dollars as in 20 or 0.00031, exactly, in millionths; nullopt for anything else, more than six decimals and
/// more than a billion dollars.
std::optional<std::int64_t> parse_usd(std::string_view text);

}  // namespace darkroom::app
