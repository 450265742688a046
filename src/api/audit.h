// GET /admin/audit/licences: which models every attempt was done with, and under which licences.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

std::vector<ports::HttpRoute> audit_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
