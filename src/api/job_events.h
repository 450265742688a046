// GET /jobs/{uuid}/events: the timeline as JSON, or followed live as server-sent events with resume by
// Last-Event-ID.
#pragma once
#include <string>
#include <vector>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

std::vector<ports::HttpRoute> job_event_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
