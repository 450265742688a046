// GET /admin/costs, GET /admin/remote-jobs: what was spent on remote endpoints, and every remote job that
// there was, for an audit. Admin keys only.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

std::vector<ports::HttpRoute> remote_job_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
