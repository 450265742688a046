// GET /jobs: filters, and a cursor that stays true while jobs are added.
#pragma once
#include "api/handlers.h"

namespace darkroom::api {

Answer list_jobs(ApiContext& context, const Caller& caller, const ports::HttpRequest& request);

}  // namespace darkroom::api
