// What `darkroom doctor` says about an endpoint: how it is set up, whether jobs would be taken, and what to
// do if not. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runpod/protocol/health.h"
#include "runpod/scale/management_messages.h"

namespace darkroom::runpod::scale {

enum class AdviceLevel { ok, warning, failed };

struct Advice {
    AdviceLevel level = AdviceLevel::ok;
    std::string text;
};

/// What is not known is left out; the worst comes first.
std::vector<Advice> explain_endpoint(const std::optional<EndpointHealth>& health,
                                     const std::optional<EndpointDescription>& description);

}  // namespace darkroom::runpod::scale
