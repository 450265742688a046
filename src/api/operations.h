// For whoever runs Darkroom: POST /dispatcher (one round now), GET /healthz, /readyz and /metrics.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

std::vector<ports::HttpRoute> dispatcher_routes(ApiContext& context, const std::string& base);
/// Not under /api: load balancers and people at a terminal look for them at the root.
std::vector<ports::HttpRoute> health_routes(ApiContext& context);
/// Likewise, for a Prometheus server. None without something to show.
std::vector<ports::HttpRoute> metrics_routes(ApiContext& context);

}  // namespace darkroom::api
