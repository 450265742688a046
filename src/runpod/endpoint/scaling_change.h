// The body of PATCH /v2/serverless/{id}: what may be changed, and what RunPod refuses. Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "runpod/endpoint/fleet.h"

namespace darkroom::runpod::endpoint {

/// The scaling as it is afterwards; the error is a sentence. What the body does not name stays.
Result<Scaling, std::string> apply_scaling_change(const Scaling& before, std::string_view body);

}  // namespace darkroom::runpod::endpoint
