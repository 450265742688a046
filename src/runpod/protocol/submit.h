// The body of /run and /runsync, and the answer to it, from both sides: the client writes the one and reads
// the other, the local endpoint the other way round. `input` passes through as text and is never looked into
// here.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "runpod/protocol/job_state.h"
#include "runpod/protocol/protocol_error.h"
#include "runpod/protocol/remote_job_id.h"

namespace darkroom::runpod {

inline constexpr std::size_t run_body_bytes_max = std::size_t{10} << 20;
inline constexpr std::size_t runsync_body_bytes_max = std::size_t{20} << 20;

inline constexpr Milliseconds execution_timeout_min{5'000};
inline constexpr Milliseconds ttl_min{10'000};
inline constexpr Milliseconds policy_time_max{7LL * 24 * 3'600'000};

struct Policy {
    std::optional<Milliseconds> execution_timeout;  // of one dispatch
    std::optional<Milliseconds> ttl;  // from the submit on; then the job is deleted in any state
    bool low_priority = false;
};

struct SubmitRequest {
    std::string input_json;
    std::optional<std::string> webhook;
    Policy policy;
    std::optional<std::string> s3_config_json;
};

/// True for null, {}, [] and "": RunPod takes such an input and lets the job die without a word. Never send
/// it.
bool is_empty_input(std::string_view input_json);

/// Members that are not set are left out. `input_json` and `s3_config_json` must be valid JSON text.
std::string write_submit_request(const SubmitRequest& request);
/// Refuses a missing or empty input, a policy out of bounds and members of the wrong type; null is the same
/// as absent, and other top-level members are dropped as RunPod drops them.
Result<SubmitRequest, ProtocolError> parse_submit_request(std::string_view body, std::size_t bytes_max);

struct SubmitAnswer {
    RemoteJobId id;
    JobState state = JobState::in_queue;
};

std::string write_submit_answer(const SubmitAnswer& answer);
/// Unreadable means that a job may be running under a name nobody knows: see submit_outcome of the client.
/// A missing status is tolerated, a missing or odd id is not.
Result<SubmitAnswer, ProtocolError> parse_submit_answer(std::string_view body);

}  // namespace darkroom::runpod
