// What RunPod and its workers say, in the gateway's own words: a job object or a callback as a look at a
// remote job. Everything in it is from outside. Files are believed only where the attempt's own outputs lie,
// and what owners of jobs read is free of tracebacks. Pure, but for the log.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/error_code.h"
#include "ports/remote_backend.h"
#include "runpod/backend/foreign_words.h"
#include "runpod/protocol/job_object.h"
#include "runpod/protocol/work_callback.h"
#include "runpod/protocol/work_result.h"

namespace darkroom::runpod {

struct Price {
    std::string gpu;
    std::int64_t micro_usd_per_second = 0;
};

/// Of whole milliseconds, rounded up: an execution that took any time costs something.
std::int64_t cost_of(Milliseconds execution, const Price& price);

/// Answers of foreign workers are read too, whatever was sent: their files lie as `layout` says.
ports::RemoteLook look_of(const JobObject& job, const ports::RemoteTask& task, const Price& price,
                          const ForeignLayout& layout = {});
/// Fails with a sentence for the operator if the callback speaks of something else than `task`.
Result<ports::RemoteLook, std::string> look_of(const WorkCallback& callback, const ports::RemoteTask& task,
                                               const Price& price);

/// Fails with a sentence for the operator. Thumbnails are left out: the gateway makes its own.
Result<ports::RemoteResult, std::string> believed(const WorkResult& result, const JobId& job,
                                                  const AttemptId& attempt);

/// Why a job failed, from RunPod's `error`, which may be anything. `details` is searched for what the worker
/// says beside it.
core::JobError error_of(std::string_view text, std::string_view details = {});
/// One line of a worker's message; empty where it is none that anybody should read.
std::string for_owner(std::string_view message);

}  // namespace darkroom::runpod
