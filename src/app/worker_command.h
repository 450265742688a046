// `darkroom worker`: settings in, a worker with its threads out, until a signal or its own wear ends it.
#pragma once
#include <string>

#include "app/worker_settings.h"

namespace darkroom::app {

/// Returns the exit code: 0 after a stop by SIGTERM or SIGINT, or after as many jobs as it was allowed.
int run_worker(const WorkerPlan& plan);

/// One job without an endpoint: `job` is JSON, or the name of a file with it, of the form {"input":{…}}. What
/// would be reported is printed. Returns 0 if the job succeeded, else 1.
int run_test_job(const WorkerPlan& plan, const std::string& job);

}  // namespace darkroom::app
