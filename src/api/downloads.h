// GET /objects/{token}: the bytes of an object for whoever holds its signed URL, for stores that cannot
// presign.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

std::vector<ports::HttpRoute> download_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
