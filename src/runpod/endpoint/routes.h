// The endpoint over HTTP: what clients call, what workers call, the management API, and Darkroom's own
// controls. Each returns routes that keep references to what they are given.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "ports/clock.h"
#include "ports/http_message.h"
#include "runpod/endpoint/endpoint.h"

namespace darkroom::runpod::endpoint {

/// `/v2/{endpoint}/run` and so on, with the client key.
std::vector<ports::HttpRoute> client_routes(Endpoint& endpoint, ports::Clock& clock);
/// `/v2/{endpoint}/job-take/{worker}` and so on, with the worker key.
std::vector<ports::HttpRoute> worker_routes(Endpoint& endpoint);
/// `/v2/serverless/{endpoint}`, `/v2/catalog/gpus`, `/v2/billing/serverless`, with the client key.
std::vector<ports::HttpRoute> management_routes(Endpoint& endpoint);
/// `/_darkroom/faults`, `/_darkroom/journal`, `/_darkroom/costs`, with the client key.
std::vector<ports::HttpRoute> control_routes(Endpoint& endpoint);

std::vector<ports::HttpRoute> all_routes(Endpoint& endpoint, ports::Clock& clock);
/// For what the server answers itself: JSON, as everything here.
ports::HttpResponse respond_error(int status, std::string_view code, std::string_view detail,
                                  const std::string& request_id);

}  // namespace darkroom::runpod::endpoint
