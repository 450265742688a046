// From the words on the command line of `darkroom endpoint` to its plan. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/endpoint_command.h"
#include "base/result.h"

namespace darkroom::app {

/// As typed; unset = default.
struct EndpointWords {
    std::optional<std::string> listen = {};
    std::optional<std::string> id = {};
    std::optional<std::string> client_key = {};
    std::optional<std::string> worker_key = {};
    std::optional<std::string> journal = {};
    std::optional<std::string> time_scale = {};
    std::vector<std::string> faults = {};    // NAME=WHEN
    std::vector<std::string> settings = {};  // NAME=VALUE
};

/// The error is for the terminal: what is wrong, and what there is instead.
Result<EndpointPlan, std::string> plan_endpoint(const EndpointWords& words);

}  // namespace darkroom::app
