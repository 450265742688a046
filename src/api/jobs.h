// Reading and steering jobs that exist: one, many, cancel, retry.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

/// GET /jobs, GET /jobs/{uuid}, POST /jobs/{uuid}/cancel, POST /jobs/{uuid}/retry.
std::vector<ports::HttpRoute> job_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
