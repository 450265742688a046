// What worker and platform say to each other: jobs that are taken, reports of their ends, progress, chunks of
// a stream, jobs to stop, heartbeats. Both sides use it: `darkroom worker` and `darkroom endpoint`. Bodies
// are JSON whatever their Content-Type says, and whose they are is told by the path alone.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runpod/protocol/protocol_error.h"
#include "runpod/protocol/remote_job_id.h"

namespace darkroom::runpod {

struct TakenJob {
    RemoteJobId id;
    /// Absent if it did not come: the worker must refuse such a job aloud, not drop it.
    std::optional<std::string> input_json;
    std::optional<std::string> webhook;
    std::optional<std::string> s3_config_json;
};

struct TakenJobs {
    std::vector<TakenJob> jobs;
    int without_id = 0;  // cannot even be refused: nobody knows their name
};

/// One object or an array of them; other members are ignored.
Result<TakenJobs, ProtocolError> parse_taken_jobs(std::string_view body, std::size_t bytes_max);
std::string write_taken_job(const TakenJob& job);
std::string write_taken_jobs(std::span<const TakenJob> jobs);

/// The body of job-done, in all its forms: {"output":…}, {} (a handler that returned nothing), {"error":"…"},
/// both, with "stopPod", or {"status":"IN_PROGRESS","output":…}, which does not end the job.
struct DoneReport {
    bool is_progress = false;
    std::optional<std::string> output_json;
    std::optional<std::string> error;
    bool stop_worker = false;       // the worker wants to be replaced
    bool error_is_no_text = false;  // reading only: RunPod then ends the job as COMPLETED without output
};

Result<DoneReport, ProtocolError> parse_done_report(std::string_view body, std::size_t bytes_max);
std::string write_done_report(const DoneReport& report);

/// The body of job-stream: one of the two.
struct StreamChunk {
    std::optional<std::string> output_json;
    std::optional<std::string> error;
};

Result<StreamChunk, ProtocolError> parse_stream_chunk(std::string_view body, std::size_t bytes_max);
std::string write_stream_chunk(const StreamChunk& chunk);

/// The answer of job-stop; what is no id is dropped.
Result<std::vector<RemoteJobId>, ProtocolError> parse_jobs_to_stop(std::string_view body);
std::string write_jobs_to_stop(std::span<const RemoteJobId> ids);

/// Query of a heartbeat, to be appended to the ping URL: job_id is left out when the worker has none.
std::string ping_query(std::span<const RemoteJobId> in_hand, std::string_view version);
/// Query of the last word of a worker that cannot work; `reason` is cut to 256 characters.
std::string unhealthy_query(std::string_view check, std::string_view reason, std::string_view version);
/// The ids in a heartbeat's job_id, decoded already; what is no id is dropped.
std::vector<RemoteJobId> parse_ping_job_ids(std::string_view job_id);

}  // namespace darkroom::runpod
