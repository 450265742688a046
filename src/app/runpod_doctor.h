// Tries what the settings say of RunPod, from key to webhook: whether each endpoint is there and would take
// jobs, whether RunPod can reach this gateway, and workers the storage. One finding for each thing, of a
// fault its cause and what to do.
#pragma once
#include <vector>

#include "app/settings.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "upkeep/storage_check.h"

namespace darkroom::app {

/// Changes nothing. Empty if RunPod is not used. `gateway_runs`: one does in the data folder, so that its
/// public address must answer.
std::vector<upkeep::Finding> examine_runpod(const Settings& settings, bool gateway_runs,
                                            ports::HttpClient& http, const ports::Clock& clock,
                                            ports::Random& random);

}  // namespace darkroom::app
