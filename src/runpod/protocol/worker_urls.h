// The addresses a worker talks to, made from the templates in its environment. The official SDK appends
// &name=value blindly and derives two addresses by replacing text; the same is done here, with the missing
// `?` and the placeholders put right.
//
//   take    …/job-take/$ID?gpu=…                    $ID is the worker here
//   batch   …/job-take-batch/{worker}?gpu=…         from take, if it holds /job-take/
//   stop    …/job-stop/{worker}?gpu=…               from take, if it holds /job-take/
//   done    …/job-done/$RUNPOD_POD_ID/$ID?gpu=…     $ID is the job
//   stream  …/job-stream/$RUNPOD_POD_ID/$ID?gpu=…   $ID is the job
//   ping    …/ping/$RUNPOD_POD_ID?gpu=…
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runpod/protocol/protocol_error.h"
#include "runpod/protocol/remote_job_id.h"

namespace darkroom::runpod {

struct WorkerUrlTemplates {
    std::string get_job;      // RUNPOD_WEBHOOK_GET_JOB
    std::string post_output;  // RUNPOD_WEBHOOK_POST_OUTPUT
    std::string post_stream;  // RUNPOD_WEBHOOK_POST_STREAM; may be empty
    std::string ping;         // RUNPOD_WEBHOOK_PING; may be empty
};

struct WorkerIdentity {
    std::string worker_id;    // RUNPOD_POD_ID
    std::string gpu_type_id;  // RUNPOD_GPU_TYPE_ID, not yet encoded; may be empty
};

class WorkerUrls {
public:
    /// Fails if take or done is missing, is no http(s) URL, or holds bytes that no URL holds.
    static Result<WorkerUrls, ProtocolError> make(const WorkerUrlTemplates& templates,
                                                  const WorkerIdentity& identity);

    std::string take(bool job_in_progress) const;
    std::optional<std::string> take_batch(int batch_size, bool job_in_progress) const;
    std::optional<std::string> stop() const;
    std::string done(const RemoteJobId& job, bool is_stream = false) const;
    std::optional<std::string> stream(const RemoteJobId& job) const;
    /// `query` comes from ping_query or unhealthy_query.
    std::optional<std::string> ping(std::string_view query) const;

private:
    std::string take_;
    std::string batch_;
    std::string stop_;
    std::string done_;    // $ID still in it
    std::string stream_;  // likewise
    std::string ping_;
};

}  // namespace darkroom::runpod
