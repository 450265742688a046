// POST /jobs: from a checked request to a committed job.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/context.h"
#include "api/handlers.h"
#include "api/job_inputs.h"
#include "api/job_request.h"
#include "api/uploads.h"

namespace darkroom::api {

/// A request that may become a job: everything is known but, for a form, the pictures.
struct CheckedJob {
    core::Job job;
    std::vector<core::Job> steps;  // of a chain
    std::vector<RequestedInput> inputs;
    InputNeeds needs;
    std::optional<Wait> wait;
    std::optional<std::string> idempotency_key;
};

/// Looks at type, params, owner and headers; changes nothing.
Result<CheckedJob, Problem> check_job(ApiContext& context, const Caller& caller,
                                      const ports::HttpRequest& http, const JobRequest& request);

/// Creates the job and answers with it: 201, or held by `Prefer: wait` and 200 once it has ended.
/// `fingerprint` stands for everything the client sent: the same Idempotency-Key with another one is refused.
Answer commit_job(ApiContext& context, const Caller& caller, CheckedJob checked,
                  const Sha256Bytes& fingerprint);

/// POST /jobs with a JSON body, and with multipart/form-data (file, type, params …).
std::vector<ports::HttpRoute> create_job_routes(ApiContext& context, const std::string& base);

}  // namespace darkroom::api
