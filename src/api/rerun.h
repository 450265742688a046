// Another attempt at a job that has ended, with other params, and the choice of the attempt that the job
// shows.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

/// POST /jobs/{uuid}/attempts, PUT /jobs/{uuid}/selected_attempt.
std::vector<ports::HttpRoute> rerun_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
