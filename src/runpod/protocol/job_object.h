// What /status answers about a job, and what a webhook says: the same object plus the echoed `input` and
// `webhook`. Read piece by piece, so that a webhook of 20 MB costs no more memory than what is kept of it:
// echoes and unknown members are skipped as they pass.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "runpod/protocol/job_state.h"
#include "runpod/protocol/protocol_error.h"
#include "runpod/protocol/remote_job_id.h"

namespace darkroom::runpod {

struct JobObject {
    RemoteJobId id;
    JobState state = JobState::unknown;
    std::string
        state_text;  // as it came, at most 64 bytes; writing uses the name of `state` where it is empty
    std::optional<Milliseconds> delay;      // before the last dispatch started
    std::optional<Milliseconds> execution;  // a worker held it
    /// The result, or while in progress the latest progress. Absent also after success: a handler may answer
    /// {}, and RunPod drops what is too large.
    std::optional<std::string> output_json;
    bool output_too_large = false;     // there was one beyond the limit; it was not kept
    std::optional<std::string> error;  // text; an error that came as an object is its JSON text
    std::optional<std::string> worker_id;
    int retries = 0;  // dispatches after the first
};

struct JobObjectLimits {
    std::size_t body_bytes_max = 32u << 20;
    std::size_t output_bytes_max = 20u << 20;
};

/// Of a webhook nothing but a hint is needed: results are keys, and the truth is asked for.
inline constexpr JobObjectLimits webhook_limits{48u << 20, 1u << 20};

/// Takes the body in pieces of any size. One use.
class JobObjectReader {
public:
    explicit JobObjectReader(JobObjectLimits limits = {});
    ~JobObjectReader();
    JobObjectReader(JobObjectReader&&) noexcept;
    JobObjectReader& operator=(JobObjectReader&&) noexcept;

    /// False once the body is known to be wrong; the rest need not be fed.
    bool feed(std::string_view piece);
    /// Fails without a readable id or status: such an answer says nothing about any job.
    Result<JobObject, ProtocolError> finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

Result<JobObject, ProtocolError> parse_job_object(std::string_view text, JobObjectLimits limits = {});

std::string write_job_object(const JobObject& job);
/// RunPod leaves workerId out of webhooks.
std::string write_webhook_body(const JobObject& job, std::string_view input_json, std::string_view webhook);

}  // namespace darkroom::runpod
