// POST /jobs: from a checked request to a committed job.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/context.h"
#include "api/handlers.h"
#include "api/job_request.h"
#include "api/uploads.h"

namespace darkroom::api {

/// Creates the job of a checked request and answers with it: 201, or held by `Prefer: wait` and 200 once it
/// has ended. `fingerprint` stands for everything the client sent, for Idempotency-Key.
Answer create_job(ApiContext& context, const Caller& caller, const ports::HttpRequest& http,
                  const JobRequest& request, const Sha256Bytes& fingerprint);

/// POST /jobs with a JSON body, and with multipart/form-data (file, type, params …).
std::vector<ports::HttpRoute> create_job_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
