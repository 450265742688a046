// POST /admin/orphans and POST /admin/missing: what database and storage disagree about, page by page, for
// whoever runs Darkroom.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

std::vector<ports::HttpRoute> upkeep_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
