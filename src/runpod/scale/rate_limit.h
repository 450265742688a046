// How much RunPod's management API lets one do, as it says in each answer:
//   RateLimit: "minute";r=59;t=60        59 more calls in the next 60 seconds
// Pure.
#pragma once
#include <optional>

#include "base/time.h"
#include "ports/http_message.h"

namespace darkroom::runpod::scale {

/// How long to ask nothing, if nothing is left; the longest of several limits, at most five minutes. nullopt:
/// something is left, or the header says nothing that can be read.
std::optional<Milliseconds> pause_asked_for(const ports::HttpFields& headers);

}  // namespace darkroom::runpod::scale
