// What a Darkroom worker says to the gateway directly: the claim of an attempt before any work, and the end
// of it afterwards, signed (callback_signature.h). Independent of RunPod's own reports, which may be lost.
//
//   POST claim_url      {"attempt_token":"…","remote_id":"…","worker_id":"…"}
//                       200 go on · 409 another remote job of this attempt came first · 410 not wanted any
//                       more
//   POST webhook_url    {"job_id":"…","attempt":"…","attempt_token":"…","remote_id":"…","worker_id":"…",
//                        "status":"COMPLETED","result":{…}}                    result: work_result.h
//                       {…,"status":"FAILED","error":{"code":"…","message":"…"}}
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "runpod/protocol/protocol_error.h"
#include "runpod/protocol/remote_job_id.h"
#include "runpod/protocol/work_result.h"

namespace darkroom::runpod {

inline constexpr std::size_t work_claim_bytes_max = 4096;

struct WorkClaim {
    std::string attempt_token;
    RemoteJobId remote_id;
    std::string worker_id;  // 1 to 128 visible ASCII characters
};

std::string write_work_claim(const WorkClaim& claim);
Result<WorkClaim, ProtocolError> parse_work_claim(std::string_view body);

struct WorkFailure {
    std::string code;     // core's name of an error code; others are possible
    std::string message;  // for the owner of the job
};

/// Exactly one of `result` and `failure`.
struct WorkCallback {
    std::string job_id;
    std::optional<AttemptId> attempt;  // absent where the payload had no _darkroom
    std::string attempt_token;         // likewise empty
    RemoteJobId remote_id;
    std::string worker_id;
    std::optional<WorkResult> result;
    std::optional<WorkFailure> failure;
};

std::string write_work_callback(const WorkCallback& callback);
Result<WorkCallback, ProtocolError> parse_work_callback(std::string_view body);

}  // namespace darkroom::runpod
