// GET /types, GET /types/{word}: what can be asked for.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

std::vector<ports::HttpRoute> type_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
