// POST /jobs as multipart/form-data: `file`, and a `mask` if there is one, beside `type`, `params` and the
// other fields of a job. What curl -F and browsers send.
#pragma once
#include <string>

#include "api/context.h"
#include "ports/http_message.h"

namespace darkroom::api {

ports::HttpRoute create_job_form_route(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
