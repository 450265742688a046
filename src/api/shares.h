// GET /admin/users, GET and PUT /admin/users/{user}/share: whose jobs wait and are at work, and how much of
// the work is done for whom.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

std::vector<ports::HttpRoute> share_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
